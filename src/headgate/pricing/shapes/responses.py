"""Bodies of OpenAI's Responses format: items instead of messages, and tools that the operator runs."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from headgate.domain.formats import Format
from headgate.domain.usage import Unit
from headgate.pricing.limits import believed_limit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.content import Content, Part
from headgate.pricing.shapes.fields import any_given, integer, is_given, service_tiers
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

_OUTSIDE_FIELDS: Final = frozenset({"previous_response_id", "conversation", "prompt", "plugins"})
"""Fields that bring in what the body does not hold."""
_CLIENT_TOOLS: Final = frozenset(
    {"function", "custom", "local_shell", "apply_patch", "computer_use_preview", "computer-preview", "computer"}
)
"""Tools that the caller runs."""
_FEES: Final = {
    "file_search": Unit.FILE_SEARCH,
    "code_interpreter": Unit.CODE_SESSION,
    "image_generation": Unit.TOOL_IMAGE,
}
"""Type of a tool -> what it is billed by beside tokens. (Web search is among the shape's searches.)"""
_TEXT_ITEMS: Final = frozenset({"function_call", "custom_tool_call", "reasoning"})
"""Items that hold all that they say."""
_OUTPUT_ITEMS: Final = frozenset({"function_call_output", "custom_tool_call_output"})


class _Item(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    encrypted_content: str | None = None
    content: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()


class _Tool(msgspec.Struct):
    type: str | None = None


class _Reasoning(msgspec.Struct):
    mode: str | None = None


class _Offered(NamedTuple):
    """The tools of a request."""

    any: bool
    server: bool
    searches: int
    fees: tuple[tuple[Unit, int], ...]


_items_decoder: Final = msgspec.json.Decoder(list[_Item])
_parts_decoder: Final = msgspec.json.Decoder(list[Part])
_tools_decoder: Final = msgspec.json.Decoder(list[_Tool])
_reasoning_decoder: Final = msgspec.json.Decoder(_Reasoning | None)
_USUAL: Final = (None, _Reasoning(), _Reasoning(mode="standard"))
_NULL: Final = msgspec.Raw(b"null")
_TEXT_STARTS: Final = (b'"', b"n", b"")
"""First bytes of a text, of null, and of nothing."""


def shape_of_responses(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body of this format; see `shape.shape_of`."""
    surcharge = surcharge_of(provider.name)
    content, tools = _content(fields), _tools(fields)
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=believed_limit(Format.OPENAI_RESPONSES, fields, provider),
        limit_field="max_output_tokens",
        refers_outside=(
            content.outside or tools.server or any_given(fields, _OUTSIDE_FIELDS) or not _thinks_as_usual(fields)
        ),
        server_tools=tools.server,
        searches=tools.searches,
        fees=tools.fees,
        surcharge_tokens=surcharge.plain + (surcharge.tools if tools.any else 0),
        images=content.images,
        audio=content.audio,
        service_tiers=service_tiers(Format.OPENAI_RESPONSES, fields, provider),
    )


def _thinks_as_usual(fields: Mapping[str, msgspec.Raw]) -> bool:
    """Whether the model reads the body alone: in the mode `pro` OpenAI adds prompts of its own (1,500 tokens seen)."""
    try:
        return _reasoning_decoder.decode(fields.get("reasoning", _NULL)) in _USUAL
    except msgspec.DecodeError:
        return False


def _content(fields: Mapping[str, msgspec.Raw]) -> Content:
    found = Content()
    given = fields.get("input", msgspec.Raw())
    if bytes(memoryview(given)[:1]) in _TEXT_STARTS:
        return found
    try:
        for item in _items_decoder.decode(given):
            _add(found, item)
    except msgspec.DecodeError:
        # The provider will refuse it, or reads it in a way that is not known here.
        found.outside = True
    return found


def _add(found: Content, item: _Item) -> None:
    kind = item.type or "message"
    if kind in _TEXT_ITEMS:
        # What the model thought is kept by the operator, unless the item brings it along.
        found.outside = found.outside or (kind == "reasoning" and item.id is not None and not item.encrypted_content)
        return
    if kind != "message" and kind not in _OUTPUT_ITEMS:
        # A reference, or what a tool of the operator found.
        found.outside = True
        return
    shown = item.content if kind == "message" else item.output
    start = bytes(memoryview(shown)[:1])
    if start == b"[":
        found.add(_parts_decoder.decode(shown))
    elif start not in _TEXT_STARTS:
        found.outside = True


def _tools(fields: Mapping[str, msgspec.Raw]) -> _Offered:
    if not is_given(fields, "tools"):
        return _Offered(any=False, server=False, searches=0, fees=())
    limit = integer(fields, "max_tool_calls")
    most = SEARCHES_WITHOUT_LIMIT if limit is None else limit
    try:
        kinds = {tool.type or "function" for tool in _tools_decoder.decode(fields["tools"])}
    except msgspec.DecodeError:
        return _Offered(any=True, server=True, searches=most, fees=())
    server = kinds - _CLIENT_TOOLS
    fees = tuple((unit, most) for kind, unit in _FEES.items() if kind in server)
    searches = most if any(kind not in _FEES and "search" in kind for kind in server) else 0
    return _Offered(any=True, server=bool(server), searches=searches, fees=fees)
