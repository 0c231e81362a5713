"""Renders OpenAI Responses answers, whole and streamed. Source: the OpenAI API reference and recorded traffic."""

import base64
import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.openai_responses_reading import Wish
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.stored import Stored
from headgate.simulator.tokens import count_tokens, split_into_chunks

_Event = dict[str, object]
_Item = dict[str, object]
_json = msgspec.json.encode


def response_id(unique: str) -> str:
    """What an answer is called."""
    return f"resp_{unique}"


def render_usage(counts: Counts) -> dict[str, object]:
    """Usage: cached tokens are a part of the input's, reasoning tokens a part of the output's."""
    details = {"cached_tokens": counts.cache_read}
    written = counts.cache_write + counts.cache_write_1h
    if written:
        details["cache_write_tokens"] = written
    return {
        "input_tokens": counts.prompt,
        "input_tokens_details": details,
        "output_tokens": counts.completion,
        "output_tokens_details": {"reasoning_tokens": counts.output_reasoning},
        "total_tokens": counts.prompt + counts.completion,
    }


def render_response(wish: Wish, choice: Choice, counts: Counts, *, unique: str, created: int) -> _Item:
    """An answer at its end.

    Args:
        wish: the request.
        choice: its answer.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
        created: epoch seconds.
    """
    cut = choice.finish is Finish.LENGTH
    return {
        **_head(wish, unique, created),
        "status": _status(choice),
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": [item for item, _ in _output(wish, choice, unique)],
        "usage": None if wish.ask.knobs.no_usage else render_usage(counts),
    }


def kept(wish: Wish, response: _Item, counts: Counts, unique: str) -> Stored:
    """The answer as it is stored."""
    items = [
        {"id": f"msg_in_{unique[:20]}{position:03d}", **msgspec.json.decode(raw, type=dict[str, object])}
        for position, raw in enumerate(wish.input_items)
    ]
    return Stored(response, items, counts.prompt + counts.output)


def script_response(wish: Wish, choice: Choice, response: _Item, *, unique: str, created: int) -> Script:
    """The same answer as a stream: `response` is what `render_response` gave."""
    events = _Numbered()
    head = {**_head(wish, unique, created), "output": [], "usage": None}
    opening = events.render({"type": "response.created", "response": head})
    opening += events.render({"type": "response.in_progress", "response": head})
    # The number of the last event must be known before the first piece is played.
    pieces = list(_pieces(wish, choice, unique, events))
    refusal = injected_refusal(500, None)
    error = {"type": "server_error", "code": "server_error", "message": refusal.message, "param": None}
    return Script(
        opening=opening,
        pieces=pieces,
        closing=events.render({"type": f"response.{_status(choice)}", "response": response}),
        error_event=events.render({"type": "error", "error": error}),
        malformed_event=b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"\n\n',
    )


class _Numbered:
    """Writes events, each with its number."""

    def __init__(self) -> None:
        self._next = 0

    def render(self, event: Mapping[str, object]) -> bytes:
        number, self._next = self._next, self._next + 1
        name = str(event["type"]).encode()
        return b"event: " + name + b"\ndata: " + _json({**event, "sequence_number": number}) + b"\n\n"


def _head(wish: Wish, unique: str, created: int) -> _Item:
    return {
        "id": response_id(unique),
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": wish.ask.max_tokens,
        "metadata": {},
        "model": wish.ask.model_name,
        "parallel_tool_calls": wish.ask.parallel,
        "previous_response_id": wish.previous,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": wish.store,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }


def _status(choice: Choice) -> str:
    return "incomplete" if choice.finish is Finish.LENGTH else "completed"


def _output(wish: Wish, choice: Choice, unique: str) -> list[tuple[_Item, Call | None]]:
    """Items, and for a call what it was made of."""
    items: list[tuple[_Item, Call | None]] = []
    if choice.reasoning:
        items.append((_reasoning(wish, choice.reasoning, unique), None))
    if choice.text or not choice.calls:
        items.append((_message(choice.text, unique, _status(choice)), None))
    items += [(_call(call, unique, position), call) for position, call in enumerate(choice.calls)]
    return items


def _reasoning(wish: Wish, text: str, unique: str) -> _Item:
    summary = [{"type": "summary_text", "text": text}] if wish.shows_summary else []
    item: _Item = {"id": f"rs_{unique}", "type": "reasoning", "summary": summary}
    if wish.shows_encrypted:
        item["encrypted_content"] = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return item


def _message(text: str, unique: str, status: str) -> _Item:
    return {
        "id": f"msg_{unique}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [_text_part(text)],
    }


def _text_part(text: str) -> _Item:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(call: Call, unique: str, position: int) -> _Item:
    return {
        "id": f"fc_{unique[:28]}{position:03d}",
        "type": "function_call",
        "status": "completed" if call.whole else "incomplete",
        "call_id": f"call_{unique[:21]}{position:03d}",
        "name": call.name,
        "arguments": call.arguments,
    }


def _pieces(wish: Wish, choice: Choice, unique: str, events: _Numbered) -> Iterator[Piece]:
    size = wish.ask.knobs.tokens_per_chunk or 1
    for place, (item, call) in enumerate(_output(wish, choice, unique)):
        begun = {**item, "status": "in_progress"} if "status" in item else dict(item)
        match item["type"]:
            case "reasoning":
                begun["summary"] = []
                inside = _thought(choice.reasoning, item, place, size, events, seen=wish.shows_summary)
            case "message":
                begun["content"] = []
                inside = _said(choice.text, item, place, size, events)
            case _:
                begun["arguments"] = ""
                assert call is not None
                inside = _called(call, item, place, size, events)
        added = {"type": "response.output_item.added", "output_index": place, "item": begun}
        yield Piece(events.render(added), output=count_tokens(call.name) if call else 0)
        yield from inside
        yield Piece(events.render({"type": "response.output_item.done", "output_index": place, "item": item}))


def _thought(text: str, item: _Item, place: int, size: int, events: _Numbered, *, seen: bool) -> Iterator[Piece]:
    chunks = split_into_chunks(text, size)
    if not seen:
        yield from (Piece(b"", reasoning=count_tokens(chunk)) for chunk in chunks)
        return
    at: _Event = {"item_id": item["id"], "output_index": place, "summary_index": 0}
    kind = "response.reasoning_summary"
    empty, whole = {"type": "summary_text", "text": ""}, {"type": "summary_text", "text": text}
    yield Piece(events.render({"type": f"{kind}_part.added", **at, "part": empty}))
    for chunk in chunks:
        data = events.render({"type": f"{kind}_text.delta", **at, "delta": chunk})
        yield Piece(data, reasoning=count_tokens(chunk))
    yield Piece(events.render({"type": f"{kind}_text.done", **at, "text": text}))
    yield Piece(events.render({"type": f"{kind}_part.done", **at, "part": whole}))


def _said(text: str, item: _Item, place: int, size: int, events: _Numbered) -> Iterator[Piece]:
    at: _Event = {"item_id": item["id"], "output_index": place, "content_index": 0}
    yield Piece(events.render({"type": "response.content_part.added", **at, "part": _text_part("")}))
    for chunk in split_into_chunks(text, size):
        data = events.render({"type": "response.output_text.delta", **at, "delta": chunk, "logprobs": []})
        yield Piece(data, output=count_tokens(chunk))
    yield Piece(events.render({"type": "response.output_text.done", **at, "text": text, "logprobs": []}))
    yield Piece(events.render({"type": "response.content_part.done", **at, "part": _text_part(text)}))


def _called(call: Call, item: _Item, place: int, size: int, events: _Numbered) -> Iterator[Piece]:
    at: _Event = {"item_id": item["id"], "output_index": place}
    kind = "response.function_call_arguments"
    for chunk in split_into_chunks(call.arguments, size):
        data = events.render({"type": f"{kind}.delta", **at, "delta": chunk})
        yield Piece(data, output=count_tokens(chunk))
    yield Piece(events.render({"type": f"{kind}.done", **at, "arguments": call.arguments, "name": call.name}))
