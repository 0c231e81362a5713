"""From the bytes of a request to the few fields that the gateway needs, without parsing the prompt."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec

from headgate.domain.errors import BadRequest
from headgate.pipeline.doors import Door
from headgate.pipeline.form import Form, once_at_most
from headgate.wire.framing import Framing
from headgate.wire.spelling import camel

MAX_MODEL_CHARS: Final = 256
MAX_CHOICES: Final = 128

_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_count = msgspec.json.Decoder(int).decode
_encode = msgspec.json.Encoder().encode

_COUNTS: Final = ("n", "best_of", "max_tokens", "max_completion_tokens", "max_output_tokens", "max_tool_calls")
"""Fields that decide what a request may cost; every other value is the provider's to judge."""
_CHOICES: Final = frozenset({"n", "best_of", "candidateCount"})
_LISTS: Final = ("messages", "tools", "documents")
_GEMINI_LISTS: Final = ("contents", "tools")
"""Google reads one object in place of a list of one, as recorded calls have it."""
_NEVER_NULL: Final = frozenset({"messages", "documents", "contents"})


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """A request body, decoded at its top level only."""

    fields: Mapping[str, msgspec.Raw]
    model: str
    stream: bool
    usage_asked: bool
    """The caller set `stream_options.include_usage`."""
    framing: Framing = Framing.SSE
    """How the caller reads a stream."""
    form: Form | None = None
    """Where the request is one: `fields` are then those of the form."""


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


def read_intake(door: Door, body: bytes, *, path: str = "", query: str = "", form: Form | None = None) -> Intake:
    """Decode a body shallowly and check the fields that decide cost, route or framing.

    Args:
        door: where it came in.
        body: as it came.
        path: as the client wrote it, for doors whose path names the model.
        query: as it came, for the same.
        form: what came in place of a body.

    Raises:
        BadRequest: naming the field and the remedy.
    """
    fields = _fields(body) if form is None else _form_fields(form)
    if door.names_model:
        return _read_by_path(door, fields, path, query)
    if door.default_model is not None and _is_null(fields.get("model")):
        fields["model"] = msgspec.Raw(_encode(door.default_model))
    model = _model(fields)
    for name in _LISTS:
        _check_list(fields, name)
    for name in _COUNTS:
        _check_count(fields, name)
    _check_prompt(door, fields)
    for name in (*door.needs, *door.files):
        if name not in fields:
            raise BadRequest(f"{name!r} is missing: {door.path} needs it.", code="missing_field", param=name)
    for name in door.files:
        if _starts(fields[name], b'"'):
            raise BadRequest(f"{name!r} must be a file, with a filename.", code="invalid_type", param=name)
    if door.says and door.prompt is not None and not _starts(fields[door.prompt], b'"'):
        raise BadRequest(f"{door.prompt!r} must be a text.", code="invalid_type", param=door.prompt)
    _check_end(door, fields)
    stream = _flag(fields, "stream")
    if stream and not door.streams:
        raise BadRequest("'stream' is not supported here: leave it out.", code="invalid_value", param="stream")
    if door.events_field is not None:
        stream = bytes(fields.get(door.events_field, b"")) == b'"sse"'
    return Intake(fields=fields, model=model, stream=stream, usage_asked=_usage_asked(fields), form=form)


def _form_fields(form: Form) -> dict[str, msgspec.Raw]:
    once_at_most(form, "model")
    return form.fields()


def _read_by_path(door: Door, fields: Mapping[str, msgspec.Raw], path: str, query: str) -> Intake:
    """The path of Gemini's doors says model and streaming, the query how the stream is framed."""
    model = _checked_model(door.model_in(path))
    _check_prompt(door, fields)
    spelled = _in_one_spelling(fields, "")
    for name in _GEMINI_LISTS:
        _check_list(spelled, name, marks=(b"[", b"{"))
    _check_config(spelled)
    served = "sse" in parse_qs(query).get("alt", ())
    return Intake(
        fields=fields,
        model=model,
        stream=door.streamed,
        usage_asked=door.streamed,
        framing=Framing.SSE if served else Framing.JSON_ARRAY,
    )


def splice(fields: Mapping[str, msgspec.Raw], changes: Mapping[str, object]) -> bytes:
    """The body with some top-level fields replaced or added; every other value keeps its bytes.

    Top-level white space is normalised and a field that was given twice is sent once, as it was priced: an upstream
    can never read another `model` than we did.
    """
    return _encode({**fields, **changes})


def _fields(body: bytes) -> dict[str, msgspec.Raw]:
    if not body:
        raise BadRequest("The body is empty: send a JSON object.", code="empty_body")
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"The body is not valid UTF-8 (byte {error.start}).", code="invalid_utf8") from error
    try:
        return _decode_fields(body)
    except msgspec.ValidationError as error:
        raise BadRequest("The body must be a JSON object.", code="invalid_json") from error
    except (msgspec.DecodeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BadRequest(f"The body is not valid JSON: {reason}.", code="invalid_json") from error


def _model(fields: Mapping[str, msgspec.Raw]) -> str:
    raw = fields.get("model")
    if raw is None:
        raise BadRequest("'model' is missing: name one of GET /v1/models.", code="missing_field", param="model")
    try:
        model = _decode_text(raw)
    except msgspec.DecodeError as error:
        raise BadRequest("'model' must be a string.", code="invalid_type", param="model") from error
    return _checked_model(model)


def _checked_model(model: str) -> str:
    if not 0 < len(model) <= MAX_MODEL_CHARS or not model.isprintable():
        message = f"'model' must be 1 to {MAX_MODEL_CHARS} printable characters."
        raise BadRequest(message, code="invalid_value", param="model")
    return model


def _check_prompt(door: Door, fields: Mapping[str, msgspec.Raw]) -> None:
    if (
        door.prompt is not None
        and door.prompt not in fields
        and all(_is_null(fields.get(name)) for name in door.instead)
    ):
        raise BadRequest(
            f"{door.prompt!r} is missing: there is nothing to ask.", code="missing_field", param=door.prompt
        )


def _check_end(door: Door, fields: Mapping[str, msgspec.Raw]) -> None:
    for name in door.endless:
        if _flag(fields, name):
            raise BadRequest(
                f"{name!r} is not supported: the answer would come after the call, and what it costs with it. "
                "Leave it out, and ask for a stream of a long answer.",
                code="background_not_supported",
                param=name,
            )


def _check_config(fields: Mapping[str, msgspec.Raw]) -> None:
    """Check what `generationConfig` says of the cost."""
    name = "generationConfig"
    raw = fields.get(name)
    if raw is None or _is_null(raw):
        return
    try:
        config = _in_one_spelling(_decode_fields(raw), f"{name}.")
    except msgspec.DecodeError as error:
        raise BadRequest(f"{name!r} must be an object.", code="invalid_type", param=name) from error
    _check_count(config, "maxOutputTokens", within=f"{name}.")
    _check_count(config, "candidateCount", within=f"{name}.")


def _in_one_spelling(fields: Mapping[str, msgspec.Raw], within: str) -> dict[str, msgspec.Raw]:
    """Fields in camel case; one that is there in both spellings could be read as another value by its provider."""
    spelled = camel(fields)
    if len(spelled) < len(fields):
        twice = next(name for name in fields if name not in spelled)
        raise BadRequest(f"'{within}{twice}' is given in two spellings.", code="invalid_value", param=within + twice)
    return spelled


def _is_null(raw: msgspec.Raw | None) -> bool:
    return raw is None or bytes(raw) == b"null"


def _starts(raw: msgspec.Raw, mark: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == mark


def _check_list(fields: Mapping[str, msgspec.Raw], name: str, *, marks: tuple[bytes, ...] = (b"[",)) -> None:
    raw = fields.get(name)
    if raw is None or bytes(memoryview(raw)[:1]) in marks or (name not in _NEVER_NULL and _is_null(raw)):
        return
    raise BadRequest(f"{name!r} must be a list.", code="invalid_type", param=name)


def _check_count(fields: Mapping[str, msgspec.Raw], name: str, *, within: str = "") -> None:
    raw = fields.get(name)
    if raw is None or _is_null(raw):
        return
    field = within + name
    try:
        count = _decode_count(raw)
    except msgspec.DecodeError as error:
        raise BadRequest(f"{field!r} must be a whole number.", code="invalid_type", param=field) from error
    if name in _CHOICES and not 1 <= count <= MAX_CHOICES:
        raise BadRequest(f"{field!r} must be 1 to {MAX_CHOICES}, not {count}.", code="invalid_value", param=field)


def _flag(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    raw = fields.get(name)
    if raw is None:
        return False
    text = bytes(raw)
    if text == b"true":
        return True
    if text in {b"false", b"null"}:
        return False
    raise BadRequest(f"{name!r} must be true or false.", code="invalid_type", param=name)


def _usage_asked(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("stream_options")
    if raw is None or _is_null(raw):
        return False
    try:
        return bool(msgspec.json.decode(raw, type=_StreamOptions).include_usage)
    except msgspec.DecodeError as error:
        message = "'stream_options' must be an object like {\"include_usage\": true}."
        raise BadRequest(message, code="invalid_type", param="stream_options") from error
