"""Renders Cohere chat answers, whole and streamed. Source: the Cohere API reference (v2) and recorded traffic.

What is billed is less than what is said to have been processed: a preamble comes on top, which nobody pays for.
"""

from collections.abc import Iterator, Mapping

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal, injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_REASON = {
    Finish.END: "COMPLETE",
    Finish.STOP: "STOP_SEQUENCE",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.TOOL: "TOOL_CALL",
}
_PREAMBLE = 496
"""Tokens."""
_DONE = b"data: [DONE]\n\n"
_json = msgspec.json.encode


def render_cohere(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choice: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
    """
    message: dict[str, object] = {"role": "assistant", "content": _content(choice)}
    if choice.calls:
        message["tool_calls"] = [_call(call, unique, position) for position, call in enumerate(choice.calls)]
    return _json({"id": _id(unique), "message": message, **_end(ask, choice, counts)})


def script_cohere(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> Script:
    """The same answer as a stream; arguments as for `render_cohere`."""
    head = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    failed = {"finish_reason": "ERROR", "usage": {}, "error": injected_refusal(500, None).message}
    return Script(
        opening=_event("message-start", id=_id(unique), delta={"message": head}),
        pieces=_pieces(choice, unique, ask.knobs.tokens_per_chunk or 1),
        closing=_event("message-end", delta=_end(ask, choice, counts)) + _DONE,
        error_event=_event("message-end", delta=failed) + _DONE,
        malformed_event=b'event: content-delta\ndata: {"type":"content-delta","index":0,"delta":{"me\n\n',
    )


def render_cohere_error(refusal: Refusal, unique: str) -> bytes:
    """JSON of Cohere's envelope."""
    return _json({"id": _id(unique), "message": refusal.message})


def _id(unique: str) -> str:
    return "-".join((unique[:8], unique[8:12], unique[12:16], unique[16:20], unique[20:32]))


def _content(choice: Choice) -> list[dict[str, str]]:
    items: list[dict[str, str]] = []
    if choice.reasoning:
        items.append({"type": "thinking", "thinking": choice.reasoning})
    if choice.text:
        items.append({"type": "text", "text": choice.text})
    return items


def _call(call: Call, unique: str, position: int) -> dict[str, object]:
    return {**_call_head(call, unique, position), "function": {"name": call.name, "arguments": call.arguments}}


def _call_head(call: Call, unique: str, position: int) -> dict[str, object]:
    return {"id": f"{call.name}_{unique[:10]}{position:02d}", "type": "function"}


def _end(ask: Ask, choice: Choice, counts: Counts) -> dict[str, object]:
    return {"finish_reason": _REASON[choice.finish], "usage": {} if ask.knobs.no_usage else _usage(ask, counts)}


def _usage(ask: Ask, counts: Counts) -> dict[str, object]:
    processed = {"input_tokens": counts.prompt + _PREAMBLE, "output_tokens": counts.completion + 3}
    if counts.output_reasoning:
        processed["reasoning_tokens"] = counts.output_reasoning
    return {
        "billed_units": {"input_tokens": counts.prompt, "output_tokens": counts.completion},
        "tokens": processed,
        "cached_tokens": min(ask.knobs.cached_tokens or 0, processed["input_tokens"]),
    }


def _pieces(choice: Choice, unique: str, size: int) -> Iterator[Piece]:
    index = 0
    for kind, text in (("thinking", choice.reasoning), ("text", choice.text)):
        if text:
            yield from _item(index, kind, text, size)
            index += 1
    for position, call in enumerate(choice.calls):
        begun = {**_call_head(call, unique, position), "function": {"name": call.name, "arguments": ""}}
        yield Piece(_said("tool-call-start", position, {"tool_calls": begun}), output=count_tokens(call.name))
        for chunk in split_into_chunks(call.arguments, size):
            more = {"tool_calls": {"function": {"arguments": chunk}}}
            yield Piece(_said("tool-call-delta", position, more), output=count_tokens(chunk))
        yield Piece(_event("tool-call-end", index=position))


def _item(index: int, kind: str, text: str, size: int) -> Iterator[Piece]:
    yield Piece(_said("content-start", index, {"content": {"type": kind, kind: ""}}))
    for chunk in split_into_chunks(text, size):
        data, tokens = _said("content-delta", index, {"content": {kind: chunk}}), count_tokens(chunk)
        yield Piece(data, reasoning=tokens) if kind == "thinking" else Piece(data, output=tokens)
    yield Piece(_event("content-end", index=index))


def _said(kind: str, index: int, message: Mapping[str, object]) -> bytes:
    return _event(kind, index=index, delta={"message": message})


def _event(kind: str, **fields: object) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + _json({"type": kind, **fields}) + b"\n\n"
