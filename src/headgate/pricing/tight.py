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
from headgate.pricing.sizes import items_of, members_of, size_beside, size_of, size_of_text, starts_with
from headgate.pricing.tight_gemini import size_of_gemini

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
    | {"prompt_cache_retention", "prompt_cache_options", "encoding_format", "dimensions", "usage", "best_of", "echo"}
    | {"max_output_tokens", "max_tool_calls", "include", "truncation", "background"}
)
"""Fields that steer the operator and that no model reads."""
_TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
_IMAGE_FIELDS: Final = frozenset({"type", "image_url", "source", "detail", "cache_control"})
_TEXT_FIELDS: Final = frozenset({"type", "cache_control"})

_TEXTS: Final = frozenset({("input", Format.OPENAI_EMBEDDINGS), ("prompt", Format.OPENAI_COMPLETIONS)})
_GEMINI: Final = frozenset({Format.GEMINI, Format.GEMINI_EMBED_CONTENT, Format.GEMINI_BATCH_EMBED_CONTENTS})
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
    if format in _GEMINI:
        size = PER_REQUEST + size_of_gemini(fields)
        return shape if size >= shape.body_bytes else msgspec.structs.replace(shape, body_bytes=size)
    size = PER_REQUEST
    for name, raw in fields.items():
        if name in _KNOBS:
            continue
        if name == "messages":
            size += sum(_message(message) for message in items_of(raw))
        elif name == "system":
            size += PER_MESSAGE + _content(raw)
        elif name in ("tools", "functions"):
            size += size_of(raw) + PER_TOOL * len(items_of(raw))
        elif (name, format) in _TEXTS:
            size += _texts(raw)
        elif name == "input" and format is Format.OPENAI_RESPONSES:
            size += _input(raw)
        elif name == "instructions" and starts_with(raw, b'"'):
            size += PER_MESSAGE + size_of_text(raw)
        else:
            size += len(name) + size_of(raw)
    return shape if size >= shape.body_bytes else msgspec.structs.replace(shape, body_bytes=size)


def _input(raw: msgspec.Raw) -> int:
    """A text, or items: messages, and what tools said, whose content has another name."""
    if starts_with(raw, b'"'):
        return PER_MESSAGE + size_of_text(raw)
    items = items_of(raw)
    sizes = [_message(item, "output" if "output" in members_of(item) else "content") for item in items]
    return sum(sizes) or size_of(raw)


def _message(raw: msgspec.Raw, name: str = "content") -> int:
    members = members_of(raw)
    content = members.pop(name, None)
    if content is None:
        return PER_MESSAGE + size_of(raw)
    # The rest of a message (calls, names, earlier thoughts) is JSON for the model, or text that is shorter than it.
    return PER_MESSAGE + _content(content) + size_beside(raw, members, (name, content))


def _content(raw: msgspec.Raw) -> int:
    if starts_with(raw, b'"'):
        return size_of_text(raw)
    parts = items_of(raw)
    return sum(PER_PART + _part(part) for part in parts) if parts else size_of(raw)


def _part(raw: msgspec.Raw) -> int:
    members = members_of(raw)
    kind = bytes(members.get("type", b"")).strip(b'"').decode("utf-8", "replace")
    if kind in _TEXT_PARTS and "text" in members:
        text = members.pop("text")
        return size_of_text(text) + size_beside(raw, members, ("text", text), unread=_TEXT_FIELDS)
    if kind in IMAGES:
        return size_beside(raw, members, unread=_IMAGE_FIELDS)
    if kind == "tool_result" and "content" in members:
        content = members.pop("content")
        return _content(content) + size_beside(raw, members, ("content", content), unread=_TEXT_FIELDS)
    return size_of(raw)


def _texts(raw: msgspec.Raw) -> int:
    """What is embedded: a text, texts, tokens, or lists of tokens."""
    if starts_with(raw, b'"'):
        return size_of_text(raw)
    try:
        tokens = _tokens_decoder.decode(raw)
    except msgspec.DecodeError:
        texts = items_of(raw)
        return sum(
            PER_PART + (size_of_text(text) if starts_with(text, b'"') else size_of(text)) for text in texts
        ) or size_of(raw)
    return sum(PER_PART + len(item) if isinstance(item, list) else 1 for item in tokens)
