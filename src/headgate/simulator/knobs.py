"""Knobs: how a simulated answer deviates from a quick and healthy one."""

from typing import Annotated, Any

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]
ERROR_STATUSES = (400, 401, 403, 404, 413, 429, 500, 502, 503, 529)


class ErrorKnob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Refuse the request before anything is generated."""

    status: int
    """One of `ERROR_STATUSES`."""
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    """Share of requests refused, drawn from a hash of the request id and attempt, so that a run can be repeated."""
    retry_after: Annotated[int, msgspec.Meta(ge=0, le=86_400)] | None = None
    """Seconds, in the `retry-after` header; a 429 without it says 1."""

    def __post_init__(self) -> None:
        """Refuse a status that no provider format has an envelope for."""
        if self.status not in ERROR_STATUSES:
            message = f"status must be one of {', '.join(map(str, ERROR_STATUSES))}"
            raise ValueError(message)


class Knobs(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All knobs; None means "not set here": the header, the process defaults or the healthy behaviour apply.

    `N` counts content chunks: events that carry generated text, reasoning or tool arguments.
    """

    latency_ms: _Milliseconds | None = None
    """Wait before the status line."""
    first_byte_ms: _Milliseconds | None = None
    """Wait after the headers and before the first byte of the body."""
    tokens_per_second: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    """Speed of generation; unset: as fast as possible. An answer that is not streamed takes the same time."""
    tokens_per_chunk: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    """Tokens in one content chunk; 1 when unset."""
    output_tokens: _Count | None = None
    """Exact length of a text answer, still under `max_tokens` and the model's maximum."""
    reasoning_tokens: _Count | None = None
    """Exact length of the reasoning, where the model reasons."""
    cached_tokens: _Count | None = None
    """Prompt tokens read from the cache, at most the whole prompt, where the model has such a price."""
    cache_write_tokens: _Count | None = None
    """Prompt tokens written to the cache, at most what is left of the prompt, where the model has such a price."""
    error: ErrorKnob | None = None
    break_after: _Count | None = None
    """Close the connection abruptly after N content chunks (not streamed: in the middle of the body)."""
    stall_after: _Count | None = None
    """Send nothing more after N content chunks, then close abruptly."""
    stall_ms: _Milliseconds | None = None
    """How long a stall holds the connection; 30,000 when unset."""
    error_event_after: _Count | None = None
    """Send an error event after N content chunks of a 200 stream, and end it."""
    malformed_after: _Count | None = None
    """Send one event that is not JSON after N content chunks, and go on."""
    fault_share: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    """Share of requests that the four faults above happen to, drawn as for `error`; all of them when unset."""
    no_usage: bool | None = None
    """Leave usage out of the answer; it is billed all the same."""
    empty_first_chunk: bool | None = None
    """OpenAI streams: start with a chunk without choices, as Azure does."""
    usage_in_last_content: bool | None = None
    """OpenAI streams: usage, asked for or not, in the chunk with the finish reason, as Mistral does."""
    calls_in_one_chunk: bool | None = None
    """OpenAI streams: every tool call in one chunk, name and arguments, as Mistral does."""


NO_KNOBS = Knobs()
_decoder = msgspec.json.Decoder(Knobs)


def parse_knobs(raw: bytes | str) -> Knobs:
    """Parse the JSON of the `x-simulate` header, of the command line or of the admin endpoint.

    Raises:
        msgspec.DecodeError: not JSON, an unknown knob, or a value out of range; the message names it.
    """
    return _decoder.decode(raw)


def merge_knobs(*layers: Knobs) -> Knobs:
    """Lay knobs over each other; the first layer that sets one wins."""
    set_layers = [layer for layer in layers if layer is not NO_KNOBS]
    if not set_layers:
        return NO_KNOBS
    if len(set_layers) == 1:
        return set_layers[0]
    values: dict[str, Any] = {
        name: next((value for layer in set_layers if (value := getattr(layer, name)) is not None), None)
        for name in Knobs.__struct_fields__
    }
    return Knobs(**values)
