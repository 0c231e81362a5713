"""Renders Gemini answers, whole and streamed. Source: the Gemini API reference and recorded traffic.

A stream is server-sent events, or one array whose elements arrive one by one; in both, every element carries the usage
so far, and the last one a finish reason.
"""

import base64
from collections.abc import Iterator

import msgspec

from headgate.simulator.answer import Call, Choice, Finish
from headgate.simulator.gemini_reading import GeminiAsk
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal, injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_REASON = {Finish.END: "STOP", Finish.STOP: "STOP", Finish.TOOL: "STOP", Finish.LENGTH: "MAX_TOKENS"}
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}
_json = msgspec.json.encode
_Part = dict[str, object]


def render_gemini(asked: GeminiAsk, choices: list[Choice], counts: Counts, *, unique: str) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        asked: the request.
        choices: its answers.
        counts: what is billed for them.
        unique: hexadecimal digits that no other answer has; the ids are made of it.
    """
    candidates = [
        _candidate(index, _parts(asked, choice, unique), finish=_REASON[choice.finish])
        for index, choice in enumerate(choices)
    ]
    return _json({"candidates": candidates, **_usage(asked, counts), **_head(asked, unique)})


def script_gemini(asked: GeminiAsk, choices: list[Choice], counts: Counts, *, unique: str, as_array: bool) -> Script:
    """The same answer as a stream; arguments as for `render_gemini`. `as_array`: one array instead of events."""
    frame = _element if as_array else _event
    head = _head(asked, unique)
    prompt = msgspec.structs.replace(counts, output=0, output_reasoning=0)
    last = [_candidate(index, [{"text": ""}], finish=_REASON[choice.finish]) for index, choice in enumerate(choices)]
    closing = frame({"candidates": last, **_usage(asked, counts), **head})
    error = frame(_envelope(injected_refusal(503, None)))
    end = b"\n]\n" if as_array else b""
    return Script(
        # The array begins with an element that nothing is said in, so that every other one has a comma before it.
        opening=b"[" + _json({**_usage(asked, prompt), **head}) if as_array else b"",
        pieces=_pieces(asked, choices, prompt, unique, as_array=as_array),
        closing=closing + end,
        error_event=error + end,
        malformed_event=b'\n,\r\n{"candidates": oops}'
        if as_array
        else b'data: {"candidates": [{"content": {"pa\r\n\r\n',
    )


def render_gemini_error(refusal: Refusal) -> bytes:
    """JSON of Google's envelope."""
    return _json(_envelope(refusal))


def _envelope(refusal: Refusal) -> dict[str, object]:
    status = _STATUSES.get(refusal.status, "UNAVAILABLE")
    return {"error": {"code": refusal.status, "message": refusal.message, "status": status}}


def _event(document: dict[str, object]) -> bytes:
    return b"data: " + _json(document) + b"\r\n\r\n"


def _element(document: dict[str, object]) -> bytes:
    return b"\n,\r\n" + _json(document)


def _head(asked: GeminiAsk, unique: str) -> dict[str, object]:
    return {"modelVersion": asked.ask.model_name, "responseId": unique[:22]}


def _candidate(index: int, parts: list[_Part], *, finish: str | None = None) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"parts": parts, "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = finish
    return {**candidate, "index": index}


def _usage(asked: GeminiAsk, counts: Counts) -> dict[str, object]:
    """Google's figures: what was cached is part of the prompt, thoughts are not of the candidates; none is zero."""
    if asked.ask.knobs.no_usage:
        return {}
    figures: dict[str, object] = {
        "promptTokenCount": counts.prompt,
        "totalTokenCount": counts.prompt + counts.completion,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": counts.prompt}],
    }
    if counts.output:
        figures["candidatesTokenCount"] = counts.output
    if counts.output_reasoning:
        figures["thoughtsTokenCount"] = counts.output_reasoning
    if counts.cache_read:
        figures["cachedContentTokenCount"] = counts.cache_read
        figures["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": counts.cache_read}]
    return {"usageMetadata": figures}


def _parts(asked: GeminiAsk, choice: Choice, unique: str) -> list[_Part]:
    parts: list[_Part] = []
    if choice.reasoning and asked.shows_thoughts:
        parts.append({"text": choice.reasoning, "thought": True})
    if choice.text:
        parts.append({"text": choice.text})
    # A call that the limit cut off has no arguments that can be parsed: it is not there.
    whole = [call for call in choice.calls if call.whole]
    return parts + [_call(call, choice, unique, position) for position, call in enumerate(whole)]


def _call(call: Call, choice: Choice, unique: str, position: int) -> _Part:
    arguments = msgspec.Raw(call.arguments.encode())
    part: _Part = {"functionCall": {"id": f"{unique[:6]}{position:02d}", "name": call.name, "args": arguments}}
    if choice.reasoning and position == 0:
        part["thoughtSignature"] = base64.b64encode(choice.reasoning.encode()[:48]).decode()
    return part


def _pieces(asked: GeminiAsk, choices: list[Choice], prompt: Counts, unique: str, *, as_array: bool) -> Iterator[Piece]:
    frame = _element if as_array else _event
    head = _head(asked, unique)
    so_far = prompt
    for index, choice in enumerate(choices):
        for part, output, reasoning in _generated(asked, choice, unique):
            so_far = msgspec.structs.replace(
                so_far, output=so_far.output + output, output_reasoning=so_far.output_reasoning + reasoning
            )
            data = b""
            if part is not None:
                data = frame({"candidates": [_candidate(index, [part])], **_usage(asked, so_far), **head})
            yield Piece(data, output=output, reasoning=reasoning)


def _generated(asked: GeminiAsk, choice: Choice, unique: str) -> Iterator[tuple[_Part | None, int, int]]:
    """(part, tokens of output, tokens of reasoning), in the order in which they are generated; None: nobody sees it."""
    size = asked.ask.knobs.tokens_per_chunk or 1
    for chunk in split_into_chunks(choice.reasoning, size):
        yield {"text": chunk, "thought": True} if asked.shows_thoughts else None, 0, count_tokens(chunk)
    for chunk in split_into_chunks(choice.text, size):
        yield {"text": chunk}, count_tokens(chunk), 0
    position = 0
    for call in choice.calls:
        yield _call(call, choice, unique, position) if call.whole else None, call.tokens, 0
        position += call.whole
