"""Answers `POST /v1/completions`. Source: the OpenAI API reference, "Create completion", and recorded traffic."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from headgate.simulator.answer import Choice, Finish, answer
from headgate.simulator.ask import Ask
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.openai_chat import render_usage
from headgate.simulator.prices import Counts
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import decode, effective_knobs, require_model, require_room
from headgate.simulator.refusals import Refusal, injected_refusal, render_openai_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.served import EVENTS, Asked, Served
from headgate.simulator.tokens import count_tokens, split_into_chunks

DEFAULT_MAX_TOKENS = 16
_FINISH = {Finish.END: "stop", Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOL: "stop"}
_Choices = Annotated[int, msgspec.Meta(ge=1, le=20)]
_json = msgspec.json.encode


class _StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool = False


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    prompt: str | list[str | int | list[int]] | None = None
    suffix: str | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=0)] | None = None
    n: _Choices | None = None
    best_of: _Choices | None = None
    echo: bool | None = None
    stop: str | Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    simulate: Knobs | None = None


class _Prompt(msgspec.Struct, frozen=True):
    text: str
    tokens: int


class _Written(msgspec.Struct, frozen=True):
    """One shown choice."""

    echoed: str
    choice: Choice


_requests = msgspec.json.Decoder(_Request)


def serve_completions(asked: Asked) -> Served:
    """Answer every prompt `best_of` times, show `n` of each, bill all.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    model = require_model(request.model, Kind.CHAT)
    prompts = _prompts(request)
    shown = request.n or 1
    made = max(request.best_of or 1, shown)
    if request.stream and made > shown:
        raise Refusal(400, "'best_of' cannot be streamed.", param="best_of", code="invalid_value", model=model.name)
    knobs = effective_knobs(request.simulate, asked.knobs_header, asked.defaults)
    tokens = sum(prompt.tokens for prompt in prompts) + count_tokens(request.suffix or "")
    require_room(model, tokens)
    limit = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    written: list[_Written] = []
    output = 0
    for prompt in prompts:
        ask = Ask(
            model=model,
            model_name=request.model or "",
            seed=seed_of((model.name.encode(), prompt.text.encode())),
            prompt_tokens=prompt.tokens,
            last_user_text=prompt.text,
            user_spoke_last=True,
            stop=_stops(request.stop),
            max_tokens=limit,
            choices=made,
            knobs=knobs,
        )
        choices = answer(ask)
        output += sum(choice.output_tokens for choice in choices)
        written += [_Written(prompt.text if request.echo else "", choice) for choice in choices[:shown]]
    counts = Counts(input=tokens, output=output)
    frame = _Frame(request.model or "", asked, request.stream_options is not None, knobs)
    if request.stream:
        script = frame.script(written, counts)
        return Served(model=model.name, knobs=knobs, counts=Counts(input=tokens), content_type=EVENTS, script=script)
    return Served(model=model.name, knobs=knobs, counts=counts, body=frame.whole(written, counts))


class _Frame:
    """Puts the format around texts."""

    def __init__(self, model_name: str, asked: Asked, include_usage: bool, knobs: Knobs) -> None:
        self._include_usage = include_usage
        self._knobs = knobs
        self._head: dict[str, object] = {
            "id": f"cmpl-{asked.unique[:29]}",
            "object": "text_completion",
            "created": asked.created,
            "model": model_name,
        }

    def whole(self, written: list[_Written], counts: Counts) -> bytes:
        choices = [
            _choice(index, one.echoed + one.choice.text, _FINISH[one.choice.finish])
            for index, one in enumerate(written)
        ]
        usage = {} if self._knobs.no_usage else {"usage": render_usage(counts)}
        return _json({**self._head, "choices": choices, **usage})

    def script(self, written: list[_Written], counts: Counts) -> Script:
        return Script(
            opening=b"",
            pieces=self._pieces(written),
            closing=self._closing(written, counts),
            error_event=b"data: " + render_openai_error(injected_refusal(500, None)) + b"\n\n",
            malformed_event=b'data: {"id":"cmpl-\n\n',
        )

    def _pieces(self, written: list[_Written]) -> Iterator[Piece]:
        for index, one in enumerate(written):
            if one.echoed:
                yield Piece(self._event([_choice(index, one.echoed, None)]))
            for chunk in split_into_chunks(one.choice.text, self._knobs.tokens_per_chunk or 1):
                yield Piece(self._event([_choice(index, chunk, None)]), output=count_tokens(chunk))

    def _closing(self, written: list[_Written], counts: Counts) -> bytes:
        ends = [self._event([_choice(index, "", _FINISH[one.choice.finish])]) for index, one in enumerate(written)]
        if self._include_usage and not self._knobs.no_usage:
            ends.append(self._event([], usage=render_usage(counts)))
        return b"".join(ends) + b"data: [DONE]\n\n"

    def _event(self, choices: list[dict[str, object]], **more: object) -> bytes:
        return b"data: " + _json({**self._head, "choices": choices, **more}) + b"\n\n"


def _choice(index: int, text: str, finish: str | None) -> dict[str, object]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _prompts(request: _Request) -> list[_Prompt]:
    given = request.prompt
    if given is None or given == []:
        raise Refusal(400, "Give 'prompt'.", param="prompt", code="missing_required_parameter")
    if isinstance(given, str):
        return [_read(given)]
    ids = [one for one in given if isinstance(one, int)]
    if not ids:
        return [_read(one) for one in given if not isinstance(one, int)]
    if len(ids) < len(given):
        raise Refusal(400, "'prompt' mixes token ids and texts.", param="prompt", code="invalid_value")
    return [_read(ids)]


def _read(one: str | list[int]) -> _Prompt:
    if isinstance(one, str):
        return _Prompt(one, count_tokens(one))
    return _Prompt(" ".join(map(str, one)), len(one))


def _stops(stop: str | list[str] | None) -> tuple[str, ...]:
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)
