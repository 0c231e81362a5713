"""Bodies of messages: OpenAI's chat completions format and Anthropic's."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.limits import believed_limit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.content import CacheControl, Content, Part
from headgate.pricing.shapes.fields import any_given, integer, service_tiers
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT, tools_in
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

_OUTSIDE_FIELDS: Final = frozenset(
    {"previous_response_id", "mcp_servers", "container", "data_sources", "documents", "compound_custom", "file_ids"}
)
_SEARCH_FIELDS: Final = frozenset({"web_search_options", "plugins", "search_parameters", "web_search", "enable_search"})
_ABSENT: Final = (b"", b"null")
_TEXT_STARTS: Final = (b'"', b"n", b"")
"""First bytes of a text, of null, and of nothing."""


class _Message(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw()
    audio: msgspec.Raw = msgspec.Raw()


_messages_decoder: Final = msgspec.json.Decoder(list[_Message])
_parts_decoder: Final = msgspec.json.Decoder(list[Part])
_system_decoder: Final = msgspec.json.Decoder(list[Part] | str | None)
_cache_decoder: Final = msgspec.json.Decoder(CacheControl | None)


def shape_of_messages(
    format: Format,  # noqa: A002 - the noun of the domain
    fields: Mapping[str, msgspec.Raw],
    body: bytes,
    provider: Provider,
) -> RequestShape:
    """Read the shape of a body of messages; see `shape.shape_of`."""
    surcharge = surcharge_of(provider.name)
    content = _content(fields)
    tools = tools_in(fields, content)
    server_tools, searches = tools.server, tools.searches
    if any_given(fields, _SEARCH_FIELDS):
        server_tools, searches = True, max(searches, SEARCHES_WITHOUT_LIMIT)
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=believed_limit(format, fields, provider),
        choices=max(integer(fields, "n") or 1, 1),
        refers_outside=content.outside or server_tools or any_given(fields, _OUTSIDE_FIELDS),
        server_tools=server_tools,
        searches=searches,
        surcharge_tokens=surcharge.plain + (surcharge.tools if tools.any else 0),
        images=content.images,
        audio=content.audio,
        modalities="modalities" in fields or "audio" in fields,
        predicted_tokens=len(bytes(fields["prediction"])) if "prediction" in fields else 0,
        long_cache=content.long_cache,
        service_tiers=service_tiers(format, fields, provider),
    )


def _content(fields: Mapping[str, msgspec.Raw]) -> Content:
    found = Content()
    try:
        for message in _messages_decoder.decode(fields["messages"]):
            # A plain text, however long, is not made into a string: nothing in it is looked at.
            start = bytes(memoryview(message.content)[:1])
            if start == b"[":
                found.add(_parts_decoder.decode(message.content))
            elif start not in _TEXT_STARTS:
                found.outside = True
            if bytes(message.audio) not in _ABSENT:
                # An earlier spoken answer, by its id.
                found.outside = True
        system = _system_decoder.decode(fields["system"]) if "system" in fields else None
        if isinstance(system, list):
            found.add(system)
        found.note(_cache_decoder.decode(fields["cache_control"]) if "cache_control" in fields else None)
    except (KeyError, msgspec.DecodeError):
        # The provider will refuse it, or reads it in a way that is not known here.
        found.outside = True
    return found
