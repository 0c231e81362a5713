"""Renders Anthropic Messages answers, whole and streamed. Source: the Anthropic API reference and recorded traffic."""

import base64
from collections.abc import Callable, Iterator

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import injected_refusal, render_anthropic_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_STOP_REASON = {
    Finish.END: "end_turn",
    Finish.STOP: "stop_sequence",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL: "tool_use",
}
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_json = msgspec.json.encode


def render_message(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choice: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
    """
    message = _envelope(ask, unique)
    message["content"] = _content(choice, unique)
    message["stop_reason"] = _STOP_REASON[choice.finish]
    message["stop_sequence"] = choice.stop_sequence
    if not ask.knobs.no_usage:
        message["usage"] = {**_input_usage(counts), **_output_usage(counts)}
    return _json(message)


def script_message(ask: Ask, choice: Choice, counts: Counts, *, unique: str) -> Script:
    """The same answer as a stream; arguments as for `render_message`."""
    message = _envelope(ask, unique)
    if not ask.knobs.no_usage:
        message["usage"] = {**_input_usage(counts), "output_tokens": min(counts.completion, 1)}
    return Script(
        opening=_event("message_start", {"message": message}),
        pieces=_pieces(choice, unique, ask.knobs.tokens_per_chunk or 1),
        closing=_closing(ask, choice, counts),
        error_event=b"event: error\ndata: " + render_anthropic_error(injected_refusal(529, None), None) + b"\n\n",
        malformed_event=b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n',
    )


def _envelope(ask: Ask, unique: str) -> dict[str, object]:
    return {
        "model": ask.model_name,
        "id": f"msg_01{unique[:22]}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
    }


def _input_usage(counts: Counts) -> dict[str, object]:
    """Anthropic's input: cached tokens are beside `input_tokens`, not inside."""
    return {
        "input_tokens": counts.input,
        "cache_creation_input_tokens": counts.cache_write + counts.cache_write_1h,
        "cache_read_input_tokens": counts.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write,
            "ephemeral_1h_input_tokens": counts.cache_write_1h,
        },
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _output_usage(counts: Counts) -> dict[str, object]:
    return {
        "output_tokens": counts.completion,
        "output_tokens_details": {"thinking_tokens": counts.output_reasoning},
    }


def _content(choice: Choice, unique: str) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    if choice.reasoning:
        blocks.append({"type": "thinking", "thinking": choice.reasoning, "signature": _signature(choice.reasoning)})
    if choice.text:
        blocks.append({"type": "text", "text": choice.text})
    for position, call in enumerate(choice.calls):
        block = _tool_block(call, unique, position)
        # A call that max_tokens cut off has no arguments that can be parsed.
        block["input"] = msgspec.Raw(call.arguments.encode()) if call.whole else {}
        blocks.append(block)
    return blocks


def _tool_block(call: Call, unique: str, position: int) -> dict[str, object]:
    return {
        "type": "tool_use",
        "id": f"toolu_01{unique[:19]}{position:03d}",
        "name": call.name,
        "input": {},
        "caller": {"type": "direct"},
    }


def _signature(reasoning: str) -> str:
    return base64.b64encode(reasoning.encode()[:48]).decode()


def _pieces(choice: Choice, unique: str, size: int) -> Iterator[Piece]:
    for index, block in enumerate(_blocks(choice, unique, size)):
        for place, piece in enumerate(block(index)):
            yield piece
            if index == 0 and place == 0:
                yield Piece(_PING)
        yield Piece(_event("content_block_stop", {"index": index}))


def _blocks(choice: Choice, unique: str, size: int) -> list[Callable[[int], Iterator[Piece]]]:
    blocks: list[Callable[[int], Iterator[Piece]]] = []
    if choice.reasoning:
        blocks.append(lambda index: _thinking_pieces(choice.reasoning, index, size))
    if choice.text:
        blocks.append(lambda index: _text_pieces(choice.text, index, size))
    for position, call in enumerate(choice.calls):
        block = _tool_block(call, unique, position)
        blocks.append(lambda index, call=call, block=block: _tool_pieces(call, block, index, size))
    return blocks


def _thinking_pieces(reasoning: str, index: int, size: int) -> Iterator[Piece]:
    yield Piece(_start(index, {"type": "thinking", "thinking": "", "signature": ""}))
    for chunk in split_into_chunks(reasoning, size):
        data = _delta(index, b'{"type":"thinking_delta","thinking":%b}' % _json(chunk))
        yield Piece(data, reasoning=count_tokens(chunk))
    yield Piece(_delta(index, b'{"type":"signature_delta","signature":%b}' % _json(_signature(reasoning))))


def _text_pieces(text: str, index: int, size: int) -> Iterator[Piece]:
    yield Piece(_start(index, {"type": "text", "text": ""}))
    for chunk in split_into_chunks(text, size):
        yield Piece(_delta(index, b'{"type":"text_delta","text":%b}' % _json(chunk)), output=count_tokens(chunk))


def _tool_pieces(call: Call, block: dict[str, object], index: int, size: int) -> Iterator[Piece]:
    yield Piece(_start(index, block), output=count_tokens(call.name))
    yield Piece(_delta(index, b'{"type":"input_json_delta","partial_json":""}'))
    for chunk in split_into_chunks(call.arguments, size):
        data = _delta(index, b'{"type":"input_json_delta","partial_json":%b}' % _json(chunk))
        yield Piece(data, output=count_tokens(chunk))


def _closing(ask: Ask, choice: Choice, counts: Counts) -> bytes:
    fields: dict[str, object] = {
        "delta": {
            "stop_reason": _STOP_REASON[choice.finish],
            "stop_sequence": choice.stop_sequence,
            "stop_details": None,
        }
    }
    if not ask.knobs.no_usage:
        fields["usage"] = {
            "input_tokens": counts.input,
            "cache_creation_input_tokens": counts.cache_write + counts.cache_write_1h,
            "cache_read_input_tokens": counts.cache_read,
            **_output_usage(counts),
        }
    return _event("message_delta", fields) + _STOP


def _start(index: int, block: dict[str, object]) -> bytes:
    return _event("content_block_start", {"index": index, "content_block": block})


def _delta(index: int, delta: bytes) -> bytes:
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":' % index
        + delta
        + b"}\n\n"
    )


def _event(name: str, fields: dict[str, object]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + _json({"type": name, **fields}) + b"\n\n"
