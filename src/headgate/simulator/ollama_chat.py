"""Renders Ollama chat answers, whole and as lines. Source: the Ollama API reference and recorded traffic."""

import datetime as dt
from collections.abc import Iterator

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal, injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_json = msgspec.json.encode


def render_ollama(ask: Ask, choice: Choice, counts: Counts, *, unique: str, created: int) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choice: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
        created: epoch seconds.
    """
    message: dict[str, object] = {"role": "assistant", "content": choice.text}
    if choice.reasoning:
        message["thinking"] = choice.reasoning
    if choice.calls:
        message["tool_calls"] = [_call(call, unique, position) for position, call in enumerate(choice.calls)]
    return _json({**_head(ask, created), "message": message, **_end(ask, choice, counts)})


def script_ollama(ask: Ask, choice: Choice, counts: Counts, *, unique: str, created: int) -> Script:
    """The same answer as a stream; arguments as for `render_ollama`."""
    head = _head(ask, created)
    last = {**head, "message": {"role": "assistant", "content": ""}, **_end(ask, choice, counts)}
    return Script(
        opening=b"",
        pieces=_pieces(choice, head, unique, ask.knobs.tokens_per_chunk or 1),
        closing=_json(last) + b"\n",
        error_event=render_ollama_error(injected_refusal(500, None)) + b"\n",
        malformed_event=b'{"model":"' + ask.model.name.encode() + b'","message":{"role":"assis\n',
    )


def render_ollama_error(refusal: Refusal) -> bytes:
    """JSON of Ollama's envelope; also the line that ends a stream."""
    return _json({"error": refusal.message})


def _head(ask: Ask, created: int) -> dict[str, object]:
    at = dt.datetime.fromtimestamp(created, dt.UTC).isoformat().replace("+00:00", "Z")
    return {"model": ask.model_name, "created_at": at}


def _call(call: Call, unique: str, position: int) -> dict[str, object]:
    # A call that the limit cut off has no arguments that can be parsed.
    arguments = msgspec.Raw(call.arguments.encode()) if call.whole else msgspec.Raw(b"{}")
    function: dict[str, object] = {"index": position, "name": call.name, "arguments": arguments}
    return {"id": f"call_{unique[:6]}{position:02d}", "function": function}


def _end(ask: Ask, choice: Choice, counts: Counts) -> dict[str, object]:
    end: dict[str, object] = {"done": True, "done_reason": "length" if choice.finish is Finish.LENGTH else "stop"}
    if not ask.knobs.no_usage:
        durations = {"total_duration": 1_000, "load_duration": 100, "prompt_eval_duration": 300, "eval_duration": 600}
        end |= {**durations, "prompt_eval_count": counts.prompt, "eval_count": counts.completion}
    return end


def _pieces(choice: Choice, head: dict[str, object], unique: str, size: int) -> Iterator[Piece]:
    for chunk in split_into_chunks(choice.reasoning, size):
        yield Piece(_line(head, content="", thinking=chunk), reasoning=count_tokens(chunk))
    for chunk in split_into_chunks(choice.text, size):
        yield Piece(_line(head, content=chunk), output=count_tokens(chunk))
    for position, call in enumerate(choice.calls):
        # Calls are shown when they are whole.
        yield Piece(_line(head, content="", tool_calls=[_call(call, unique, position)]), output=call.tokens)


def _line(head: dict[str, object], **message: object) -> bytes:
    return _json({**head, "message": {"role": "assistant", **message}, "done": False}) + b"\n"
