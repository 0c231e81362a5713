import openai
import pytest

from headgate.simulator.refusals import Refusal
from headgate.simulator.stored import Stored, StoredResponses


def kept(number: int) -> Stored:
    return Stored({"id": f"resp_{number}"}, [{"id": "msg_1"}], tokens=10 * number)


def test_the_oldest_give_way():
    stored = StoredResponses(limit=2)
    for number in (1, 2, 3):
        stored.keep(f"resp_{number}", kept(number))
    assert 30 == stored.tokens_of("resp_3")
    with pytest.raises(Refusal, match="'resp_1' not found"):
        stored.tokens_of("resp_1")


def test_what_begins_anew_reads_nothing_again():
    assert 0 == StoredResponses().tokens_of(None)


@pytest.mark.parametrize(
    ("method", "rest", "status"),
    [("GET", "resp_9", 404), ("POST", "resp_1/cancel", 400), ("POST", "resp_1", 405), ("GET", "resp_1/else", 405)],
)
def test_what_cannot_be_done_is_refused(method: str, rest: str, status: int):
    stored = StoredResponses()
    stored.keep("resp_1", kept(1))
    with pytest.raises(Refusal) as refusal:
        stored.look_up(method, rest)
    assert status == refusal.value.status


def test_an_answer_is_kept_gone_on_from_listed_and_deleted(openai_client: openai.OpenAI):
    first = openai_client.responses.create(model="sim/small", input="Tell me about ships.")
    second = openai_client.responses.create(model="sim/small", input="More.", previous_response_id=first.id)
    assert first.usage is not None
    assert second.usage is not None
    assert second.usage.input_tokens > first.usage.total_tokens
    assert first.output_text == openai_client.responses.retrieve(first.id).output_text
    (item,) = openai_client.responses.input_items.list(first.id).data
    assert "Tell me about ships." == item.content[0].text  # pyright: ignore[reportAttributeAccessIssue]
    openai_client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(first.id)


def test_an_answer_that_is_not_to_be_stored_is_not(openai_client: openai.OpenAI):
    answer = openai_client.responses.create(model="sim/small", input="Hello.", store=False)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(answer.id)
