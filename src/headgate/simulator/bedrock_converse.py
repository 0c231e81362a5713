"""Renders Bedrock Converse answers, whole and as frames. Source: the Bedrock API reference and recorded traffic."""

import base64
from collections.abc import Iterator, Mapping

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal, injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks
from headgate.wire.eventstream import render_frame

_STOP_REASON = {
    Finish.END: "end_turn",
    Finish.STOP: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL: "tool_use",
}
_ERROR_TYPES = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "ValidationException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
_PADDING = "abcdefghijklmnopqrstuvwxyz"
"""Bedrock hides the lengths of what it sends behind a few letters of this."""
_json = msgspec.json.encode


def render_converse(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choice: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
    """
    body: dict[str, object] = {
        "metrics": {"latencyMs": 1},
        "output": {"message": {"content": _content(choice, unique), "role": "assistant"}},
        "stopReason": _STOP_REASON[choice.finish],
    }
    if not ask.knobs.no_usage:
        body["usage"] = _usage(counts)
    return _json(body)


def script_converse(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> Script:
    """The same answer as a stream; arguments as for `render_converse`."""
    metadata: dict[str, object] = {"metrics": {"latencyMs": 1}}
    if not ask.knobs.no_usage:
        metadata["usage"] = _usage(counts)
    stop = _frame("messageStop", {"stopReason": _STOP_REASON[choice.finish]})
    failed = _json({"message": injected_refusal(500, None).message})
    damaged = bytearray(_frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "damaged"}}))
    damaged[-1] ^= 0xFF
    return Script(
        opening=_frame("messageStart", {"role": "assistant"}),
        pieces=_pieces(choice, unique, ask.knobs.tokens_per_chunk or 1),
        closing=stop + _frame("metadata", metadata),
        error_event=render_frame(failed, _headers("exception", "modelStreamErrorException")),
        malformed_event=bytes(damaged),
    )


def render_converse_error(refusal: Refusal) -> bytes:
    """JSON of Bedrock's envelope; what kind of error it is stands in a header."""
    return _json({"message": refusal.message})


def error_type(status: int) -> str:
    """What the header `x-amzn-errortype` says."""
    return f"{_ERROR_TYPES.get(status, 'InternalServerException')}:http://internal.amazon.com/coral/com.amazon.bedrock/"


def _usage(counts: Counts) -> dict[str, object]:
    """What was cached stands beside `inputTokens`, and twice."""
    written = counts.cache_write + counts.cache_write_1h
    usage: dict[str, object] = {
        "inputTokens": counts.input,
        "outputTokens": counts.completion,
        "totalTokens": counts.prompt + counts.completion,
        "cacheReadInputTokens": counts.cache_read,
        "cacheReadInputTokenCount": counts.cache_read,
        "cacheWriteInputTokens": written,
        "cacheWriteInputTokenCount": written,
        "serverToolUsage": {},
    }
    lifetimes = (("1h", counts.cache_write_1h), ("5m", counts.cache_write))
    details = [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in lifetimes if tokens]
    return usage | ({"cacheDetails": details} if details else {})


def _content(choice: Choice, unique: str) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    if choice.reasoning:
        thought = {"text": choice.reasoning, "signature": _signature(choice.reasoning)}
        blocks.append({"reasoningContent": {"reasoningText": thought}})
    if choice.text:
        blocks.append({"text": choice.text})
    for position, call in enumerate(choice.calls):
        # A call that the limit cut off has no arguments that can be parsed.
        arguments = msgspec.Raw(call.arguments.encode()) if call.whole else {}
        blocks.append({"toolUse": {**_call(call, unique, position), "input": arguments}})
    return blocks


def _call(call: Call, unique: str, position: int) -> dict[str, object]:
    return {"toolUseId": f"tooluse_{unique[:19]}{position:03d}", "name": call.name}


def _signature(reasoning: str) -> str:
    return base64.b64encode(reasoning.encode()[:48]).decode()


def _pieces(choice: Choice, unique: str, size: int) -> Iterator[Piece]:
    index = 0
    if choice.reasoning:
        for chunk in split_into_chunks(choice.reasoning, size):
            yield Piece(_delta(index, {"reasoningContent": {"text": chunk}}), reasoning=count_tokens(chunk))
        yield Piece(_delta(index, {"reasoningContent": {"signature": _signature(choice.reasoning)}}))
        yield Piece(_stop(index))
        index += 1
    if choice.text:
        for chunk in split_into_chunks(choice.text, size):
            yield Piece(_delta(index, {"text": chunk}), output=count_tokens(chunk))
        yield Piece(_stop(index))
        index += 1
    for position, call in enumerate(choice.calls):
        start = {"contentBlockIndex": index, "start": {"toolUse": _call(call, unique, position)}}
        yield Piece(_frame("contentBlockStart", start), output=count_tokens(call.name))
        for chunk in split_into_chunks(call.arguments, size):
            yield Piece(_delta(index, {"toolUse": {"input": chunk}}), output=count_tokens(chunk))
        yield Piece(_stop(index))
        index += 1


def _delta(index: int, delta: dict[str, object]) -> bytes:
    return _frame("contentBlockDelta", {"contentBlockIndex": index, "delta": delta})


def _stop(index: int) -> bytes:
    return _frame("contentBlockStop", {"contentBlockIndex": index})


def _frame(kind: str, payload: Mapping[str, object]) -> bytes:
    body = _json(payload)
    padded = body[:-1] + b',"p":"%b"}' % _PADDING[: 1 + len(body) % len(_PADDING)].encode()
    return render_frame(padded, _headers("event", kind))


def _headers(message_type: str, kind: str) -> dict[str, str]:
    return {f":{message_type}-type": kind, ":content-type": "application/json", ":message-type": message_type}
