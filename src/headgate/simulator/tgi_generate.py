"""Renders what was generated, whole and token by token. Source: Text Generation Inference's router."""

from collections.abc import Iterator, Mapping

import msgspec

from headgate.simulator.answer import Choice, Finish
from headgate.simulator.ask import Ask
from headgate.simulator.prices import Counts
from headgate.simulator.refusals import Refusal, injected_refusal
from headgate.simulator.script import Piece, Script
from headgate.simulator.tokens import count_tokens, split_into_chunks

_REASON = {Finish.END: "eos_token", Finish.STOP: "stop_sequence", Finish.LENGTH: "length", Finish.TOOL: "eos_token"}
_LOGPROB = -0.5
_END = "</s>"
_json = msgspec.json.encode


def render_tgi(ask: Ask, choice: Choice, counts: Counts) -> bytes:
    """The JSON body of an answer that is not streamed.

    Args:
        ask: the request.
        choice: its answer.
        counts: what is billed for it.
    """
    body: dict[str, object] = {"generated_text": choice.text}
    if ask.include_usage and not ask.knobs.no_usage:
        prefill = [{"id": place, "text": "", "logprob": None} for place in range(counts.prompt)]
        tokens = [_token(place, chunk) for place, chunk in enumerate(split_into_chunks(choice.text, 1))]
        body["details"] = {**_details(choice, counts), "prefill": prefill, "tokens": tokens}
    return _json(body)


def script_tgi(ask: Ask, choice: Choice, counts: Counts) -> Script:
    """The same answer as a stream; arguments as for `render_tgi`. An event is one token, whatever the knob says."""
    told = ask.include_usage and not ask.knobs.no_usage
    details = {**_details(choice, counts), "input_length": counts.prompt} if told else None
    last = _token(0, _END, special=True)
    return Script(
        opening=b"",
        pieces=_pieces(choice.text),
        closing=_event({"index": 0, "token": last, "generated_text": choice.text, "details": details}),
        error_event=_event({"error": injected_refusal(500, None).message, "error_type": "generation"}),
        malformed_event=b'data:{"index":1,"token":{"id\n\n',
    )


def render_tgi_error(refusal: Refusal) -> bytes:
    """JSON of its envelope."""
    return _json({"error": refusal.message, "error_type": "validation" if refusal.status < 500 else "generation"})


def _details(choice: Choice, counts: Counts) -> dict[str, object]:
    return {"finish_reason": _REASON[choice.finish], "generated_tokens": counts.completion, "seed": None}


def _token(place: int, text: str, *, special: bool = False) -> dict[str, object]:
    return {"id": place, "text": text, "logprob": _LOGPROB, "special": special}


def _pieces(text: str) -> Iterator[Piece]:
    for place, chunk in enumerate(split_into_chunks(text, 1)):
        event = {"index": place + 1, "token": _token(place, chunk), "generated_text": None, "details": None}
        yield Piece(_event(event), output=count_tokens(chunk))


def _event(document: Mapping[str, object]) -> bytes:
    return b"data:" + _json(document) + b"\n\n"
