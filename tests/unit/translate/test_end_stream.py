import json

import pytest

from headgate.domain.formats import Format
from headgate.translate.anthropic_messages.end_stream import BLOCK_TOKENS
from headgate.translate.ending import Ending, ending_for
from headgate.translate.gemini.end_stream import PART_TOKENS
from headgate.translate.openai_chat.end_stream import CALL_TOKENS
from tests.kit.fakes import event, message_stream


def chat(*, include_usage: bool = True) -> Ending:
    return ending_for(Format.OPENAI_CHAT, created=7, model="asked", include_usage=include_usage)


def messages() -> Ending:
    return ending_for(Format.ANTHROPIC_MESSAGES, created=7, model="asked", include_usage=False)


def delta(index: int = 0, reason: str | None = None, **content: object) -> bytes:
    return event({"id": "c", "choices": [{"index": index, "delta": content, "finish_reason": reason}]})


def started(block: dict[str, object], index: int = 0) -> bytes:
    return event({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")


def grown(content: dict[str, object], index: int = 0) -> bytes:
    return event({"type": "content_block_delta", "index": index, "delta": content}, "content_block_delta")


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (delta(content="Zür"), 4),
        (delta(role="assistant", content=""), 0),
        (delta(content=None), 0),
        (delta(refusal="no"), 2),
        (delta(reasoning_content="hmm", reasoning="hmm"), 3),
        (delta(content=[{"type": "text", "text": "a"}]), len('[{"type":"text","text":"a"}]')),
        (delta(tool_calls=[{"index": 0, "id": "i", "function": {"name": "go", "arguments": ""}}]), 2 + CALL_TOKENS),
        (delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a'}}]), 3),
        (delta(tool_calls=[{"index": 0, "function": {"arguments": {"a": 1}}}]), len('{"a":1}')),
        (event({"id": "c", "choices": []}), 0),
        (event("[DONE]"), 0),
        (event('{"odd'), 5),
        (b": a comment\n\n", 0),
    ],
)
def test_what_a_chunk_can_be_at_most(chunk: bytes, expected: int):
    assert expected == chat().feed(chunk)


def test_details_of_thinking_are_counted_once():
    details = [{"type": "reasoning.text", "text": "hmm", "index": 0}]
    size = len(json.dumps(details, separators=(",", ":")))
    assert size == chat().feed(delta(reasoning="hmm", reasoning_details=details))


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (grown({"type": "text_delta", "text": "Zür"}), 4),
        (grown({"type": "thinking_delta", "thinking": "hmm"}), 3),
        (grown({"type": "signature_delta", "signature": "abc="}), 4),
        (grown({"type": "input_json_delta", "partial_json": '{"a'}), 3),
        (started({"type": "text", "text": ""}), BLOCK_TOKENS),
        (started({"type": "tool_use", "id": "i", "name": "go", "input": {}}), BLOCK_TOKENS + 2 + 2),
        (started({"type": "redacted_thinking", "data": "x" * 90}), BLOCK_TOKENS + 90),
        (event({"type": "ping"}, "ping"), 0),
        (message_stream()[0], 0),
        (message_stream()[-2], 0),
        (event('{"odd'), 5),
    ],
)
def test_what_an_event_can_be_at_most(chunk: bytes, expected: int):
    assert expected == messages().feed(chunk)


@pytest.mark.parametrize("block", [{"type": "web_search_tool_result", "content": [{"url": "u" * 50}]}, {"type": "odd"}])
def test_of_a_block_that_nobody_knows_every_byte_counts(block: dict[str, object]):
    assert messages().feed(started(block)) > len(json.dumps(block))


def piece(*parts: object) -> bytes:
    return event({"candidates": [{"content": {"parts": list(parts)}, "index": 0}]})


CALL = {"name": "go", "args": {"a": 1}}


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (piece({"text": "Zür"}), 4),
        (piece({"text": "hm", "thought": True}), 2),
        (piece({"text": ""}), 0),
        (piece({"functionCall": CALL}), PART_TOKENS + len(json.dumps(CALL, separators=(",", ":")))),
        (piece({"text": "a", "thoughtSignature": "abc"}), PART_TOKENS + 3 + 5),
        (piece({"text": 7}), PART_TOKENS + 1),
        (piece(), 0),
        (event({"usageMetadata": {"promptTokenCount": 3}}), 0),
        (event('{"odd'), 5),
        (b": a comment\n\n", 0),
    ],
)
def test_what_a_piece_of_a_gemini_answer_can_be_at_most(chunk: bytes, expected: int):
    ending = ending_for(Format.GEMINI, created=7, model="asked", include_usage=False)
    assert expected == ending.feed(chunk)
