"""Answers that a provider keeps: asked for, gone on from and deleted by their own organization, at whichever worker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import billed

MODEL = "sim/small"
RESPONSES = "/v1/responses"


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("kept") / "data"
    with GatewayProcess(folder, workers=2) as running:
        yield running


@pytest.fixture
def sdk(two_workers: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{two_workers.url}/v1", api_key=two_workers.key, max_retries=0) as one:
        yield one


@client("openai", door=RESPONSES, feature="retrieve, input items, delete")
def test_an_answer_is_read_its_input_listed_and_it_is_deleted_at_any_worker(
    two_workers: GatewayProcess, sdk: openai.OpenAI
) -> None:
    said = sdk.responses.create(model=MODEL, input="Say hello")
    for _ in range(8):
        # A connection of its own each time: either worker may take it.
        with openai.OpenAI(base_url=f"{two_workers.url}/v1", api_key=two_workers.key, max_retries=0) as anew:
            assert anew.responses.retrieve(said.id).output_text == said.output_text
            items: list[Any] = anew.responses.input_items.list(said.id).data
            assert [item.content[0].text for item in items] == ["Say hello"]
    sdk.responses.delete(said.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        sdk.responses.retrieve(said.id)


@client("openai", door=RESPONSES, feature="previous_response_id")
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_conversation_goes_on_from_an_earlier_answer_and_its_tokens_are_paid(
    two_workers: GatewayProcess, sdk: openai.OpenAI, stream: bool
) -> None:
    first = sdk.responses.create(model=MODEL, input="Say hello")
    ask: dict[str, Any] = {"model": MODEL, "input": "And again", "previous_response_id": first.id}
    if stream:
        with sdk.responses.with_streaming_response.create(stream=True, **ask) as raw:
            assert "response.completed" in raw.text()
            request_id = raw.headers["x-request-id"]
    else:
        request_id = sdk.responses.with_raw_response.create(**ask).headers["x-request-id"]
    event = two_workers.cost_event(request_id)
    assert event["amount_nano"] == billed(two_workers, request_id)
    assert first.usage is not None
    assert event["prompt_tokens"] > first.usage.input_tokens


def test_what_was_not_kept_or_never_was_is_not_found(sdk: openai.OpenAI) -> None:
    told_not_to = sdk.responses.create(model=MODEL, input="Say hello", store=False)
    for response_id in (told_not_to.id, "resp_never"):
        with pytest.raises(openai.NotFoundError) as caught:
            sdk.responses.retrieve(response_id)
        assert caught.value.code == "response_not_found"
        with pytest.raises(openai.NotFoundError) as refused:
            sdk.responses.create(model=MODEL, input="And again", previous_response_id=response_id)
        assert (refused.value.code, refused.value.param) == ("response_not_found", "previous_response_id")


def test_what_does_not_run_in_the_background_cannot_be_cancelled(sdk: openai.OpenAI) -> None:
    said = sdk.responses.create(model=MODEL, input="Say hello")
    with pytest.raises(openai.BadRequestError, match="background"):
        sdk.responses.cancel(said.id)


def test_a_kept_answer_is_given_whole_only(sdk: openai.OpenAI) -> None:
    said = sdk.responses.create(model=MODEL, input="Say hello")
    with pytest.raises(openai.BadRequestError, match="stream"):
        sdk.responses.retrieve(said.id, stream=True)
