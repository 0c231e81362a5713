"""Requests to a provider that checks signatures, through a running gateway."""

import anthropic
import openai
import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill, billed, knobs

HELLO = [{"role": "user", "content": "Say hello"}]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_signed_request_is_answered_and_booked_as_it_was_billed(
    gateway: GatewayProcess, openai_client: openai.OpenAI, stream: bool
) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(model="converse-small", messages=HELLO, stream=stream)
    answer = raw.parse()
    if stream:
        list(answer)
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert ("bedrock", "ok") == (event["provider"], event["outcome"])
    assert billed(gateway, event["request_id"]) == event["amount_nano"]
    entry = next(entry for entry in bill(gateway) if entry["request_id"] == event["request_id"])
    assert f"/model/small/converse{'-stream' if stream else ''}" == entry["endpoint"]


def test_a_signature_of_a_stranger_is_refused_and_costs_nothing(
    gateway: GatewayProcess, anthropic_client: anthropic.Anthropic
) -> None:
    with pytest.raises(anthropic.PermissionDeniedError, match="signature we calculated does not match") as found:
        anthropic_client.messages.create(model="stranger-small", messages=HELLO, max_tokens=9)
    event = gateway.cost_event(found.value.response.headers["x-request-id"])
    assert ("rejected", 0) == (event["outcome"], event["amount_nano"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"error_event_after": 3}, "The simulator was told to fail."),
        ({"malformed_after": 3}, "The answer is damaged: the checksum of a frame is wrong."),
        ({"break_after": 3}, "broke off"),
    ],
    ids=["exception", "damage", "break"],
)
def test_a_stream_that_fails_in_the_middle_is_never_taken_for_whole(
    gateway: GatewayProcess, openai_client: openai.OpenAI, fault: dict[str, int], said: str
) -> None:
    with knobs(gateway, **fault):
        raw = openai_client.chat.completions.with_raw_response.create(
            model="converse-small", messages=HELLO, stream=True
        )
        with pytest.raises(openai.APIError, match=said):
            list(raw.parse())
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert "estimated" == event["outcome"]
    assert billed(gateway, event["request_id"]) <= event["amount_nano"]
