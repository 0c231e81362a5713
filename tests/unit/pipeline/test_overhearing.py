import pytest

from headgate.domain.formats import Format
from headgate.pipeline.overhearing import MAX_CHARS, Overhearing
from headgate.providers.table import PROVIDERS
from headgate.translate.meter import meter_for
from tests.kit.fakes import chat_answer, chat_stream, event, message_stream


def overhearing(format_: Format = Format.OPENAI_CHAT, provider: str = "openai") -> Overhearing:
    return Overhearing(meter_for(format_, PROVIDERS[provider], hide_usage=False), format_)


def test_the_meter_works_as_without():
    plain = meter_for(Format.OPENAI_CHAT, PROVIDERS["openai"], hide_usage=False)
    heard = overhearing()
    assert [plain.feed(chunk) for chunk in chat_stream()] == [heard.feed(chunk) for chunk in chat_stream()]
    assert plain.finish() == heard.finish()
    assert plain.reading == heard.reading
    heard = overhearing()
    heard.read_body(chat_answer())
    assert heard.reading.usage is not None


def test_thoughts_and_calls_are_told_apart():
    heard = overhearing()
    call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"city":'}}
    deltas = [
        {"reasoning_content": "Hm."},
        {"content": "Let me see."},
        {"tool_calls": [call]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Rome"}'}}]},
    ]
    for delta in deltas:
        heard.feed(event({"id": "1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}))
    heard.feed(event({"id": "1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}))
    assert {
        "role": "assistant",
        "content": "Let me see.",
        "thinking": "Hm.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
        ],
        "stop_reason": "tool_use",
    } == heard.heard()


def test_anthropics_stream_is_understood():
    heard = overhearing(Format.ANTHROPIC_MESSAGES, "anthropic")
    for chunk in message_stream():
        heard.feed(chunk)
    found = heard.heard()
    assert found is not None
    assert ("Hi ünd there", "end_turn") == (found["content"], found["stop_reason"])


def test_what_comes_after_the_bound_is_not_kept_but_for_its_end():
    heard = overhearing()
    chunk = {
        "id": "1",
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": "x" * 1000}, "finish_reason": None}],
    }
    for _ in range(100):
        heard.feed(event(chunk))
    heard.feed(event({"id": "1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
    found = heard.heard()
    assert found is not None
    assert (65_000, "end_turn") == (len(found["content"]), found["stop_reason"])
    assert len(found["content"]) <= MAX_CHARS


@pytest.mark.parametrize("format_", [Format.OPENAI_EMBEDDINGS, Format.OPENAI_CHAT])
def test_what_cannot_be_read_is_not_heard(format_: Format):
    heard = overhearing(format_)
    heard.read_body(b'{"choices": 1}')
    assert heard.heard() is None
    heard = overhearing(Format.OPENAI_CHAT)
    heard.feed(b'data: {"choices": 1}\n\n')
    heard.feed(chat_stream()[1])
    assert heard.heard() is None
