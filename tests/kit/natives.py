"""Answers as providers of formats without a door write them, whole and streamed: the other end of the parsers."""

import json
from typing import NamedTuple

from headgate.domain.conversation import Answer, StopReason, Text, Thinking, ToolCall
from headgate.domain.formats import Format
from headgate.domain.usage import Unit, Usage
from headgate.providers.table import PROVIDERS
from headgate.providers.variants import variant
from headgate.wire.eventstream import FrameSplitter
from headgate.wire.sse import EventSplitter
from tests.kit import converse

NATIVES = (Format.BEDROCK_CONVERSE, Format.COHERE_CHAT, Format.OLLAMA_CHAT, Format.TGI_GENERATE)
SPEAKERS = {
    Format.BEDROCK_CONVERSE: PROVIDERS["bedrock"],
    Format.COHERE_CHAT: PROVIDERS["cohere"],
    Format.OLLAMA_CHAT: variant(PROVIDERS["ollama"], format_="ollama.chat"),
    Format.TGI_GENERATE: variant(PROVIDERS["tgi"], format_="tgi.generate"),
}
"""An operator of each format that speaks only this one."""

_PIECE = 3
"""Characters in one event."""
COHERE_STOPS = {
    StopReason.MAX_TOKENS: "MAX_TOKENS",
    StopReason.STOP_SEQUENCE: "STOP_SEQUENCE",
    StopReason.TOOL_USE: "TOOL_CALL",
}
TGI_STOPS = {StopReason.MAX_TOKENS: "length", StopReason.STOP_SEQUENCE: "stop_sequence"}


class Written(NamedTuple):
    """One answer."""

    body: bytes
    stream: bytes


def written(format_: Format, answer: Answer) -> Written:
    """Write an answer, as far as the format can: without what is signed, and in TGI's case without all but text."""
    if format_ is Format.BEDROCK_CONVERSE:
        return Written(converse.body(answer), converse.stream(answer, piece=_PIECE))
    writers = {Format.COHERE_CHAT: cohere, Format.OLLAMA_CHAT: ollama, Format.TGI_GENERATE: tgi}
    return writers[format_](answer)


def events_of(format_: Format, stream: bytes) -> list[bytes]:
    """A stream, event by event."""
    match format_:
        case Format.BEDROCK_CONVERSE:
            return FrameSplitter().feed(stream)
        case Format.OLLAMA_CHAT:
            return stream.splitlines(keepends=True)
        case _:
            return EventSplitter().feed(stream)


def sse(event: dict, name: str = "") -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + dumped(event) + b"\n\n"


def dumped(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _pieces(text: str) -> list[str]:
    return [text[i : i + _PIECE] for i in range(0, len(text), _PIECE)]


def cohere(answer: Answer) -> Written:
    """Text before calls is their plan."""
    thoughts = _thoughts(answer)
    texts = [part.text for part in answer.parts if isinstance(part, Text)]
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    plan = "".join(texts) if calls else ""
    items = [{"type": "thinking", "thinking": text} for text in thoughts]
    items += [] if calls else [{"type": "text", "text": text} for text in texts]
    message = {"role": "assistant", "content": items}
    if calls:
        message |= {"tool_plan": plan, "tool_calls": [_cohere_call(call) for call in calls]}
    end = {"finish_reason": COHERE_STOPS.get(answer.stop_reason, "COMPLETE"), "usage": cohere_usage(answer.usage)}
    events = [_cohere("message-start", id=answer.id, delta={"message": {"role": "assistant", "content": []}})]
    for index, item in enumerate(items):
        kind = item["type"]
        events.append(_cohere("content-start", index, {"message": {"content": {"type": kind, kind: ""}}}))
        events += [_cohere("content-delta", index, {"message": {"content": {kind: p}}}) for p in _pieces(item[kind])]
        events.append(_cohere("content-end", index))
    events += [_cohere("tool-plan-delta", delta={"message": {"tool_plan": piece}}) for piece in _pieces(plan)]
    for index, call in enumerate(calls):
        begun = _cohere_call(call)
        begun["function"] = {"name": call.name, "arguments": ""}
        events.append(_cohere("tool-call-start", index, {"message": {"tool_calls": begun}}))
        events += [
            _cohere("tool-call-delta", index, {"message": {"tool_calls": {"function": {"arguments": piece}}}})
            for piece in _pieces(call.arguments)
        ]
        events.append(_cohere("tool-call-end", index))
    events.append(_cohere("message-end", delta=end))
    return Written(dumped({"id": answer.id, "message": message, **end}), b"".join(events))


def _cohere(kind: str, index: int | None = None, delta: dict | None = None, **fields: object) -> bytes:
    event: dict = {**fields, "type": kind}
    if index is not None:
        event["index"] = index
    return sse(event | ({"delta": delta} if delta is not None else {}), kind)


def _cohere_call(call: ToolCall) -> dict:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def cohere_usage(usage: Usage | None) -> dict:
    """Beside what is billed, what is not: a preamble."""
    if usage is None:
        return {}
    billed = {"input_tokens": usage.prompt_tokens, "output_tokens": usage.completion_tokens}
    processed = {name: count + 500 for name, count in billed.items()}
    if reasoning := usage.quantities.get(Unit.OUTPUT_REASONING):
        processed["reasoning_tokens"] = reasoning
    return {"billed_units": billed, "tokens": processed, "cached_tokens": 480}


def ollama(answer: Answer) -> Written:
    """Calls come whole, each in a line of its own."""
    head = {"model": answer.model, "created_at": "2026-01-01T12:00:00.5Z"}
    thinking = "".join(_thoughts(answer))
    text = "".join(part.text for part in answer.parts if isinstance(part, Text))
    calls = [
        {"id": part.id, "function": {"name": part.name, "arguments": json.loads(part.arguments or "{}")}}
        for part in answer.parts
        if isinstance(part, ToolCall)
    ]
    end: dict = {"done": True, "done_reason": "length" if answer.stop_reason is StopReason.MAX_TOKENS else "stop"}
    if answer.usage is not None:
        counts = {"prompt_eval_count": answer.usage.prompt_tokens, "eval_count": answer.usage.completion_tokens}
        end |= {"total_duration": 9, **counts}
    message = {"role": "assistant", "content": text} | ({"thinking": thinking} if thinking else {})
    lines = [{"thinking": piece, "content": ""} for piece in _pieces(thinking)]
    lines += [{"content": piece} for piece in _pieces(text)]
    lines += [{"content": "", "tool_calls": [call]} for call in calls]
    stream = [{**head, "message": {"role": "assistant", **line}, "done": False} for line in lines]
    stream.append({**head, "message": {"role": "assistant", "content": ""}, **end})
    whole = {**head, "message": message | ({"tool_calls": calls} if calls else {}), **end}
    return Written(dumped(whole), b"".join(dumped(line) + b"\n" for line in stream))


def tgi(answer: Answer) -> Written:
    """One token to an event; the last one is the end of the text, which is no text."""
    text = "".join(part.text for part in answer.parts if isinstance(part, Text))
    usage = answer.usage
    details = {
        "finish_reason": TGI_STOPS.get(answer.stop_reason, "eos_token"),
        "generated_tokens": 0 if usage is None else usage.completion_tokens,
        "seed": None,
    }
    prefill = [{"id": 1, "text": "a", "logprob": None}] * (0 if usage is None else usage.prompt_tokens)
    body = {"generated_text": text, "details": {**details, "prefill": prefill, "tokens": []}}
    tokens = [{"id": i, "text": piece, "logprob": -0.5, "special": False} for i, piece in enumerate(_pieces(text))]
    events = [{"index": i, "token": t, "generated_text": None, "details": None} for i, t in enumerate(tokens)]
    told = details | ({} if usage is None else {"input_length": usage.prompt_tokens})
    last = {"id": 2, "text": "</s>", "logprob": 0.0, "special": True}
    events.append({"index": len(tokens), "token": last, "generated_text": text, "details": told})
    return Written(dumped(body), b"".join(sse(event) for event in events))


def _thoughts(answer: Answer) -> list[str]:
    return [part.text for part in answer.parts if isinstance(part, Thinking) and part.text]
