"""What the request readers of both formats share: decoding, model lookup, content parts."""

import re
from typing import TypeVar

import msgspec

from headgate.simulator.knobs import Knobs, merge_knobs, parse_knobs
from headgate.simulator.models import Kind, Model, find_model
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_raw_tokens, count_tokens

T = TypeVar("T")
_PLACE = re.compile(r" - at `\$\.?(.*?)`$")


class Part(msgspec.Struct, frozen=True):
    """The fields of a content part that the simulator looks at."""

    type: str = ""
    text: str | None = None


ABSENT = msgspec.Raw(b"null")
"""Default of a field that is kept as it came: msgspec cannot make such a field optional."""
_part_decoder = msgspec.json.Decoder(Part)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode a request body.

    Raises:
        Refusal: 400, naming the field at fault as `param`.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        reason = str(error)
        place = _PLACE.search(reason)
        param = place.group(1) if place else None
        message = f"Invalid value for '{param}': {_PLACE.sub('', reason)}." if param else f"Invalid body: {reason}."
        raise Refusal(400, message, param=param, code="invalid_value") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"The body is not valid JSON: {error}.") from None


def is_given(raw: msgspec.Raw) -> bool:
    """Whether a raw field is there and not null."""
    return memoryview(raw) != b"null"


def effective_knobs(in_body: Knobs | None, header: bytes | None, defaults: Knobs) -> Knobs:
    """Knobs of one request: the body's over the header's over the process defaults.

    Raises:
        Refusal: 400, the header cannot be read.
    """
    layers = [defaults]
    if header:
        try:
            layers.insert(0, parse_knobs(header))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(400, f"The x-simulate header cannot be read: {error}.", param="x-simulate") from None
    if in_body is not None:
        layers.insert(0, in_body)
    return merge_knobs(*layers)


def require_model(name: str | None, kind: Kind) -> Model:
    """Find the model that a request names.

    Raises:
        Refusal: 400 without a name; 404 for an unknown model or one of the other kind.
    """
    if not name:
        raise Refusal(400, "Name a model in 'model'.", param="model", code="missing_required_parameter")
    model = find_model(name)
    if model is None or model.kind is not kind:
        raise Refusal(
            404, f"No {kind.value} model is called '{name}'.", param="model", code="model_not_found", model=name
        )
    return model


def require_room(model: Model, prompt_tokens: int) -> None:
    """Hold a prompt against the context window.

    Raises:
        Refusal: 400, it does not fit.
    """
    if prompt_tokens > model.context_window:
        message = f"{model.id} reads at most {model.context_window} tokens; this prompt has {prompt_tokens}."
        raise Refusal(400, message, param="messages", code="context_length_exceeded", model=model.name)


def read_part(raw: msgspec.Raw) -> tuple[str, int]:
    """Text and tokens of one content part; a part that is not text counts by its bytes and has no text."""
    try:
        part = _part_decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise Refusal(400, f"Invalid content part: {error}.", param="messages", code="invalid_value") from None
    if part.text is not None:
        return part.text, count_tokens(part.text)
    return "", count_raw_tokens(memoryview(raw))
