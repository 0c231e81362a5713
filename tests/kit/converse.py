"""Answers as Bedrock's Converse writes them, whole and as frames: the other end of the parsers."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from headgate.domain.conversation import Answer, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import Unit, Usage
from headgate.wire.eventstream import render_frame

STOPS = {
    StopReason.MAX_TOKENS: "max_tokens",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.TOOL_USE: "tool_use",
    StopReason.REFUSAL: "content_filtered",
    StopReason.CONTEXT_FULL: "model_context_window_exceeded",
}
PADDING = "abcdefghijk"


def frame(kind: str, **payload: Any) -> bytes:
    """One event, with the padding that hides its length."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return render_frame(_dumped({**payload, "p": PADDING}), headers)


def exception(kind: str, message: str) -> bytes:
    """The frame of a failure that Bedrock has a word for."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return render_frame(_dumped({"message": message}), headers)


def delta(index: int = 0, **content: Any) -> bytes:
    return frame("contentBlockDelta", contentBlockIndex=index, delta=content)


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """With the twins of the cache's counts."""
    if usage is None:
        return None
    counts = usage.quantities
    hour = counts.get(Unit.CACHE_WRITE_1H, 0)
    fresh, read, written = (
        counts.get(Unit.INPUT, 0),
        counts.get(Unit.CACHE_READ, 0),
        counts.get(Unit.CACHE_WRITE, 0) + hour,
    )
    told = {"inputTokens": fresh, "outputTokens": usage.completion_tokens, "totalTokens": usage.total_tokens}
    told |= {"cacheReadInputTokens": read, "cacheReadInputTokenCount": read}
    told |= {"cacheWriteInputTokens": written, "cacheWriteInputTokenCount": written, "serverToolUsage": {}}
    return told | ({"cacheDetails": [{"ttl": "1h", "inputTokens": hour}]} if hour else {})


def body(answer: Answer, **fields: Any) -> bytes:
    """The answer whole."""
    document = {
        "metrics": {"latencyMs": 812},
        "output": {"message": {"role": "assistant", "content": [_block(part) for part in answer.parts]}},
        "stopReason": STOPS.get(answer.stop_reason, "end_turn"),
        "usage": usage_object(answer.usage),
    }
    return _dumped(document | fields)


def stream(answer: Answer, *, piece: int = 3, metadata: dict[str, Any] | None = None) -> bytes:
    """The answer as frames; blocks of text and of thinking have no beginning of their own."""
    frames = [frame("messageStart", role="assistant")]
    for index, part in enumerate(answer.parts):
        frames += _frames(index, part, piece)
        frames.append(frame("contentBlockStop", contentBlockIndex=index))
    frames.append(frame("messageStop", stopReason=STOPS.get(answer.stop_reason, "end_turn")))
    told = {"metrics": {"latencyMs": 812}, "usage": usage_object(answer.usage)}
    return b"".join([*frames, frame("metadata", **(told | (metadata or {})))])


def _frames(index: int, part: Text | Thinking | RedactedThinking | ToolCall, size: int) -> Iterable[bytes]:
    match part:
        case Text(text=text):
            yield from (delta(index, text=piece) for piece in _pieces(text, size))
        case Thinking(text=text, signature=signature):
            yield from (delta(index, reasoningContent={"text": piece}) for piece in _pieces(text, size))
            if signature:
                yield delta(index, reasoningContent={"signature": signature})
        case RedactedThinking(data=data):
            yield delta(index, reasoningContent={"redactedContent": _blob(data)})
        case ToolCall(id=call_id, name=name, arguments=arguments):
            yield frame(
                "contentBlockStart", contentBlockIndex=index, start={"toolUse": {"toolUseId": call_id, "name": name}}
            )
            yield from (delta(index, toolUse={"input": piece}) for piece in _pieces(arguments, size))


def _block(part: Text | Thinking | RedactedThinking | ToolCall) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"text": text}
        case Thinking(text=text, signature=signature):
            return {
                "reasoningContent": {
                    "reasoningText": {"text": text} | ({"signature": signature} if signature else {}),
                }
            }
        case RedactedThinking(data=data):
            return {"reasoningContent": {"redactedContent": _blob(data)}}
        case ToolCall(id=call_id, name=name, arguments=arguments):
            return {"toolUse": {"toolUseId": call_id, "name": name, "input": json.loads(arguments or "{}")}}


def _blob(data: str) -> str:
    return base64.b64encode(data.encode("utf-8", "surrogatepass")).decode()


def _pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def _dumped(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
