import json

import pytest

from headgate.domain.usage import usage_of
from headgate.pipeline.cut import RESERVE_TOKENS, STEP_TOKENS, PaidStream
from headgate.pipeline.doors import CHAT, MESSAGES, Door
from headgate.providers.provider import Provider
from headgate.providers.table import PROVIDERS
from tests.kit.fakes import chat_stream, event, message_stream
from tests.kit.reading import read_chat, read_messages
from tests.kit.streams import exchange

OPENAI, ANTHROPIC = PROVIDERS["openai"], PROVIDERS["anthropic"]
PLENTY = 10**9


class Till:
    """Grants what it was told to, then nothing; keeps what it was asked for."""

    def __init__(self, *grants: int) -> None:
        self.grants = list(grants)
        self.asked: list[int] = []

    async def __call__(self, tokens: int) -> int:
        self.asked.append(tokens)
        return self.grants.pop(0) if self.grants else 0


def paid_stream(
    till: Till, door: Door = CHAT, provider: Provider = OPENAI, *, usage_asked: bool = True, **changes
) -> PaidStream:
    arguments = {"paid": 0, "most": PLENTY, "more": till, **changes}
    return PaidStream(exchange(door, provider, usage_asked=usage_asked), **arguments)


async def passed(stream: PaidStream, chunks: list[bytes]) -> bytes:
    return b"".join([*[await stream.feed(chunk) for chunk in chunks], stream.finish()])


def said(text: str) -> bytes:
    return event({"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


async def test_a_stream_whose_hold_is_whole_is_not_read():
    till, chunks = Till(), chat_stream()
    stream = paid_stream(till, paid=100, most=100)
    assert b"".join(chunks) == await passed(stream, chunks)
    assert (0, [], False) == (stream.counted, till.asked, stream.is_cut)


async def test_nothing_is_asked_for_while_the_reserve_is_there():
    till = Till()
    stream = paid_stream(till, paid=2 * len("Hello") + RESERVE_TOKENS)
    assert said("Hello") == await stream.feed(said("Hello"))
    assert ([], len("Hello")) == (till.asked, stream.counted)


async def test_more_is_asked_for_one_token_sooner():
    till = Till(STEP_TOKENS)
    stream = paid_stream(till, paid=2 * len("Hello") + RESERVE_TOKENS - 1)
    assert said("Hello") == await stream.feed(said("Hello"))
    assert ([STEP_TOKENS], False) == (till.asked, stream.is_cut)


async def test_at_least_what_is_missing_is_asked_for_and_never_more_than_the_request_can_cost():
    till = Till(PLENTY)
    await paid_stream(till).feed(said("x" * 1_000))
    assert [1_000 + 1_000 + RESERVE_TOKENS] == till.asked
    till = Till(PLENTY)
    await paid_stream(till, paid=10, most=30).feed(said("x" * 1_000))
    assert [20] == till.asked


async def test_what_is_granted_is_paid_for_also_when_it_is_little():
    till = Till(7, 5)
    stream = paid_stream(till, paid=1)
    await stream.feed(said("a"))
    await stream.feed(said("b"))
    assert (13, False) == (stream.paid, stream.is_cut)
    await stream.feed(said("c"))
    assert (13, True) == (stream.paid, stream.is_cut)


async def test_bytes_are_counted_not_characters():
    stream = paid_stream(Till(PLENTY))
    await stream.feed(said("ü€😀"))
    assert 9 == stream.counted


async def test_what_passed_by_the_cut_is_given_and_nothing_after_it():
    stream = paid_stream(Till())
    given = await passed(stream, [said("Hi"), said(" there"), *chat_stream()[-3:]])
    seen = read_chat(given, streamed=True)
    assert ("Hi", "length") == (seen.text, seen.stop)
    assert given.startswith(said("Hi"))
    assert given.endswith(b"data: [DONE]\n\n")
    assert 1 == given.count(b"[DONE]")


@pytest.mark.parametrize("door", [CHAT, MESSAGES], ids=["chat", "messages"])
@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
async def test_an_answer_that_is_over_is_not_cut(door: Door, provider: Provider):
    chunks = chat_stream() if provider is OPENAI else message_stream()
    last = [chunk for chunk in chunks if b'"stop"' in chunk or b"message_delta" in chunk]
    till = Till(*[1] * (len(chunks) - len(last)))
    stream = paid_stream(till, door, provider, reserve=PLENTY)
    given = await passed(stream, chunks)
    assert not stream.is_cut
    seen = (read_chat if door is CHAT else read_messages)(given, streamed=True)
    assert ("stop", 100, 10) == (seen.stop, seen.prompt_tokens, seen.completion_tokens)


async def test_an_error_in_the_stream_is_left_to_its_own_end():
    till = Till(1)
    stream = paid_stream(till, reserve=PLENTY)
    error = event({"error": {"message": "Busy"}})
    assert (said("a"), error) == (await stream.feed(said("a")), await stream.feed(error))
    assert not stream.is_cut


@pytest.mark.parametrize(("asked", "expected"), [(True, {"prompt_tokens": 70, "completion_tokens": 2}), (False, None)])
async def test_usage_that_only_we_know_is_told_to_who_asked(asked: bool, expected: dict | None):
    stream = paid_stream(Till(), usage_asked=asked, prompt=usage_of(input=70))
    documents = [json.loads(line[6:]) for line in (await stream.feed(said("Hi"))).splitlines() if line[6:7] == b"{"]
    usages = [document["usage"] for document in documents if document.get("usage")]
    assert ([expected] if expected else []) == [{name: usage[name] for name in expected or ()} for usage in usages]


async def test_input_that_nobody_knows_is_not_called_nothing():
    given = await paid_stream(Till(), usage_asked=True).feed(said("Hi"))
    assert b"usage" not in given
    assert given.endswith(b"data: [DONE]\n\n")


async def test_the_providers_own_count_of_the_input_counts():
    stream = paid_stream(Till(PLENTY), MESSAGES, ANTHROPIC, prompt=usage_of(input=70), reserve=10, step=1)
    await stream.feed(message_stream()[0])
    stream.paid = 0
    seen = read_messages(message_stream()[0] + await stream.feed(message_stream()[1]), streamed=True)
    assert (100, 16) == (seen.prompt_tokens, seen.completion_tokens)


async def test_a_translated_stream_is_counted_in_the_providers_words():
    # Arguments of a second call wait in the client's format until the first is whole; they were sent all the same.
    head = {"id": "c", "model": "m"}

    def call(index: int, **function: str) -> bytes:
        begun = {"index": index, "function": function} | ({"id": f"call_{index}"} if "name" in function else {})
        return event(head | {"choices": [{"index": 0, "delta": {"tool_calls": [begun]}, "finish_reason": None}]})

    stream = paid_stream(Till(PLENTY), MESSAGES, OPENAI, most=2 * PLENTY)
    chunks = [call(0, name="a", arguments='{"x'), call(1, name="b", arguments=""), call(1, arguments="y" * 500)]
    for chunk in chunks:
        await stream.feed(chunk)
    assert 500 < stream.counted
