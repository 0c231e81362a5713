"""The tight bound: a second, closer look at a request whose first bound does not fit a budget.

The first bound takes the whole body for text. This one counts what reaches the model: texts at their length once
decoded, definitions and calls of tools as the JSON that they are, images at what their family bills and not at the size
of their data. For what a format adds by itself (roles, marks between messages) there is an allowance for each message,
part and tool, on top of the operator's surcharge. Knobs (`temperature`, `metadata`) are not read by a model. What is
not known counts at its size in the body, white space and fields given twice included; the result is never above the
first bound. It parses the prompt, which the first bound never does: some microseconds per kilobyte, for those that need
it.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.domain.money import NanoUsd
from headgate.pricing.bound import upper_bound
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.content import IMAGES

PER_REQUEST: Final = 16
"""Tokens: the beginning of the text, and the head of the answer."""
PER_MESSAGE: Final = 8
"""Tokens beside the role: its marks are 3 (OpenAI) to 4 (ChatML, Llama 3, Gemma) and 6 (the harmony format)."""
PER_PART: Final = 4
"""Tokens: the marks around an image, or between two texts."""
PER_TOOL: Final = 16
"""Tokens beside its definition."""

_KNOBS: Final = frozenset(
    {"model", "stream", "stream_options", "temperature", "top_p", "top_k", "min_p", "typical_p", "n", "seed"}
    | {"max_tokens", "max_completion_tokens", "random_seed", "stop", "stop_sequences", "user", "metadata", "store"}
    | {"frequency_penalty", "presence_penalty", "repetition_penalty", "logprobs", "top_logprobs", "logit_bias"}
    | {"parallel_tool_calls", "service_tier", "speed", "safety_identifier", "prompt_cache_key", "cache_control"}
    | {"prompt_cache_retention", "encoding_format", "dimensions", "usage", "best_of", "echo"}
)
"""Fields that steer the operator and that no model reads."""
_TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
_IMAGE_FIELDS: Final = frozenset({"type", "image_url", "source", "detail", "cache_control"})
_TEXT_FIELDS: Final = frozenset({"type", "cache_control"})
_PUNCTUATION: Final = 4
"""Bytes of an object's member beside its name and value: two quotes, a colon, a comma."""

_TEXTS: Final = frozenset({("input", Format.OPENAI_EMBEDDINGS), ("prompt", Format.OPENAI_COMPLETIONS)})

_text_decoder: Final = msgspec.json.Decoder(str)
_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_tokens_decoder: Final = msgspec.json.Decoder(list[int | list[int]])


def tight_bound(
    card: CompiledCard,
    shape: RequestShape,
    fields: Mapping[str, msgspec.Raw],
    format: Format,  # noqa: A002 - the noun of the domain
) -> NanoUsd | None:
    """The tight hold of one attempt, at most `upper_bound`; None where the cost cannot be bounded."""
    return upper_bound(card, tightened(shape, fields, format))


def tightened(shape: RequestShape, fields: Mapping[str, msgspec.Raw], format: Format) -> RequestShape:  # noqa: A002 - the noun of the domain
    """The shape with the tokens of what the model reads in place of the size of the body; never larger.

    Args:
        shape: of this request, from `shape_of`.
        fields: the same top level that it was made from.
        format: the format of that body.
    """
    if shape.counted:
        # What is billed beside tokens is as close as it gets, and what is read more than once is no text of the body.
        return shape
    size = PER_REQUEST
    for name, raw in fields.items():
        if name in _KNOBS:
            continue
        if name == "messages":
            size += sum(_message(message) for message in _items(raw))
        elif name == "system":
            size += PER_MESSAGE + _content(raw)
        elif name in ("tools", "functions"):
            size += _size(raw) + PER_TOOL * len(_items(raw))
        elif (name, format) in _TEXTS:
            size += _texts(raw)
        else:
            size += len(name) + _size(raw)
    return shape if size >= shape.body_bytes else msgspec.structs.replace(shape, body_bytes=size)


def _message(raw: msgspec.Raw) -> int:
    members = _members(raw)
    content = members.pop("content", None)
    if content is None:
        return PER_MESSAGE + _size(raw)
    # The rest of a message (calls, names, earlier thoughts) is JSON for the model, or text that is shorter than it.
    return PER_MESSAGE + _content(content) + _beside(raw, members, ("content", content))


def _content(raw: msgspec.Raw) -> int:
    if _starts(raw, b'"'):
        return _text(raw)
    parts = _items(raw)
    return sum(PER_PART + _part(part) for part in parts) if parts else _size(raw)


def _part(raw: msgspec.Raw) -> int:
    members = _members(raw)
    kind = bytes(members.get("type", b"")).strip(b'"').decode("utf-8", "replace")
    if kind in _TEXT_PARTS and "text" in members:
        text = members.pop("text")
        return _text(text) + _beside(raw, members, ("text", text), unread=_TEXT_FIELDS)
    if kind in IMAGES:
        return _beside(raw, members, unread=_IMAGE_FIELDS)
    if kind == "tool_result" and "content" in members:
        content = members.pop("content")
        return _content(content) + _beside(raw, members, ("content", content), unread=_TEXT_FIELDS)
    return _size(raw)


def _beside(
    raw: msgspec.Raw,
    members: Mapping[str, msgspec.Raw],
    read: tuple[str, msgspec.Raw] | None = None,
    *,
    unread: frozenset[str] = frozenset(),
) -> int:
    """Bytes of an object beside the member that was read, and beside those that no model reads.

    What the members do not explain counts too: white space, and a member that was given twice, of which an operator may
    read the other one.
    """
    explained = 2 if read is None else 2 + len(read[0]) + _size(read[1]) + _PUNCTUATION
    size = 0
    for name, value in members.items():
        member = len(name.encode()) + _size(value)
        explained += member + _PUNCTUATION
        size += 0 if name in unread else member
    # The last member has no comma.
    return size + max(_size(raw) - (explained - 1), 0)


def _texts(raw: msgspec.Raw) -> int:
    """What is embedded: a text, texts, tokens, or lists of tokens."""
    if _starts(raw, b'"'):
        return _text(raw)
    try:
        tokens = _tokens_decoder.decode(raw)
    except msgspec.DecodeError:
        texts = _items(raw)
        return sum(PER_PART + (_text(text) if _starts(text, b'"') else _size(text)) for text in texts) or _size(raw)
    return sum(PER_PART + len(item) if isinstance(item, list) else 1 for item in tokens)


def _text(raw: msgspec.Raw) -> int:
    """UTF-8 length of a JSON string once decoded."""
    written = bytes(raw)
    return len(written) - 2 if b"\\" not in written else len(_text_decoder.decode(written).encode())


def _items(raw: msgspec.Raw) -> list[msgspec.Raw]:
    return _list_decoder.decode(raw) if _starts(raw, b"[") else []


def _members(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    return _object_decoder.decode(raw) if _starts(raw, b"{") else {}


def _starts(raw: msgspec.Raw, mark: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == mark


def _size(raw: msgspec.Raw) -> int:
    return memoryview(raw).nbytes
