"""Bodies of Cohere's chat format (v2).

Everything that the model reads stands in the body: documents too, at its top level and in the results of tools, and the
only tools are the caller's own. What it thinks counts as output, under the same limit.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.limits import believed_limit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.content import IMAGES
from headgate.pricing.shapes.fields import is_given
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

_INLINE: Final = frozenset({"text", "thinking", "document"})


class _Part(msgspec.Struct):
    type: str | None = None


class _Message(msgspec.Struct):
    content: list[_Part] | str | None = None


class _Tool(msgspec.Struct):
    type: str | None = None


_messages_decoder: Final = msgspec.json.Decoder(list[_Message])
_tools_decoder: Final = msgspec.json.Decoder(list[_Tool] | None)


def shape_of_cohere(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body of Cohere's chat format; see `shape.shape_of`."""
    surcharge = surcharge_of(provider.name)
    kinds = _kinds(fields)
    outside = kinds is None or not _only_functions(fields)
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=believed_limit(Format.COHERE_CHAT, fields, provider),
        refers_outside=outside or not _INLINE.union(IMAGES).issuperset(kinds or ()),
        surcharge_tokens=surcharge.plain + (surcharge.tools if is_given(fields, "tools") else 0),
        images=sum(kind in IMAGES for kind in kinds or ()),
    )


def _kinds(fields: Mapping[str, msgspec.Raw]) -> list[str] | None:
    """Kinds of all content parts; None where they cannot be read: the provider refuses it, or knows more than we do."""
    try:
        messages = _messages_decoder.decode(fields["messages"])
    except (KeyError, msgspec.DecodeError):
        return None
    return [part.type or "" for message in messages if isinstance(message.content, list) for part in message.content]


def _only_functions(fields: Mapping[str, msgspec.Raw]) -> bool:
    try:
        tools = _tools_decoder.decode(fields["tools"]) if "tools" in fields else None
    except msgspec.DecodeError:
        return False
    return all(tool.type == "function" for tool in tools or ())
