"""Bodies of Gemini's format: contents that are answered, and contents that are embedded.

Pictures count by what their model's family says. Sound, films and documents are not bounded by the bytes that carry
them (silence and empty pages are packed small), nor is anything that the provider fetches.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.limits import believed_limit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.fields import integer, is_given
from headgate.pricing.shapes.gemini_config import generation_config, more_than_text
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT, Offered
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of
from headgate.wire.spelling import camel

_SELF_CONTAINED: Final = frozenset(
    {"text", "thought", "thoughtSignature", "functionCall", "executableCode", "codeExecutionResult", "toolCall"}
    | {"toolResponse", "partMetadata", "mediaResolution", "videoMetadata"}
)
"""Members of a part that carry all that a model reads of them."""
_TEXTS: Final = ("text/", "application/json")
_DECLARED: Final = "functionDeclarations"
_CLIENT_TOOLS: Final = frozenset({_DECLARED, "computerUse"})
_WITH_FEES: Final = ("search", "maps", "grounding")
"""In the names of tools of the provider whose calls cost a fee; searching uploaded files costs none."""
_FREE_OF_FEES: Final = frozenset({"fileSearch"})
_REFERENCES: Final = frozenset({"cachedContent"})

_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_text_decoder: Final = msgspec.json.Decoder(str)


class _Content:
    """What the parts of a request add up to."""

    def __init__(self) -> None:
        self.images = 0
        self.audio = False
        self.outside = False

    def add(self, raw: msgspec.Raw | None) -> None:
        """Look at a content, or at contents; what cannot be read may refer to more than it holds."""
        try:
            for content in _each(raw):
                for part in _each(camel(_object_decoder.decode(content)).get("parts")):
                    self._part(camel(_object_decoder.decode(part)))
        except msgspec.DecodeError:
            self.outside = True

    def _part(self, part: Mapping[str, msgspec.Raw]) -> None:
        for name, raw in part.items():
            if name == "inlineData":
                self._blob(raw)
            elif name == "functionResponse":
                for shown in _each(camel(_object_decoder.decode(raw)).get("parts")):
                    self._part(camel(_object_decoder.decode(shown)))
            elif name not in _SELF_CONTAINED:
                self.outside = True

    def _blob(self, raw: msgspec.Raw) -> None:
        kind = _text_decoder.decode(camel(_object_decoder.decode(raw)).get("mimeType", b'""')).lower()
        if kind.startswith("image/"):
            self.images += 1
        elif not kind.startswith(_TEXTS):
            self.audio = self.audio or kind.startswith(("audio/", "video/"))
            self.outside = True


def shape_of_gemini(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body that is answered; see `shape.shape_of`."""
    surcharge = surcharge_of(provider.name)
    given = camel(fields)
    content = _Content()
    content.add(given.get("contents"))
    content.add(given.get("systemInstruction"))
    tools = _tools(given)
    config = generation_config(fields)
    refers = any(is_given(given, name) for name in _REFERENCES)
    return RequestShape(
        body_bytes=len(body),
        max_output_tokens=believed_limit(Format.GEMINI, fields, provider),
        choices=max(integer(config, "candidateCount") or 1, 1),
        refers_outside=content.outside or tools.server or refers,
        server_tools=tools.server,
        searches=tools.searches,
        surcharge_tokens=surcharge.plain + (surcharge.tools if tools.any else 0),
        images=content.images,
        # What is referred to may be sound, which can cost more than text.
        audio=content.audio or content.outside or refers,
        modalities=more_than_text(config),
        service_tiers=_service_tiers(given),
    )


def shape_of_gemini_embeddings(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body that is embedded, of one content or of several."""
    content = _Content()
    content.add(fields.get("content"))
    try:
        for request in _each(fields.get("requests")):
            content.add(camel(_object_decoder.decode(request)).get("content"))
    except msgspec.DecodeError:
        content.outside = True
    return RequestShape(
        body_bytes=len(body),
        refers_outside=content.outside,
        surcharge_tokens=surcharge_of(provider.name).plain,
        images=content.images,
        audio=content.audio or content.outside,
        output=False,
    )


def _tools(given: Mapping[str, msgspec.Raw]) -> Offered:
    if not is_given(given, "tools"):
        return Offered()
    try:
        names = {name for tool in _each(given["tools"]) for name in camel(_object_decoder.decode(tool))}
    except msgspec.DecodeError:
        return Offered(any=True, server=True, searches=SEARCHES_WITHOUT_LIMIT)
    server = names - _CLIENT_TOOLS
    fees = [name for name in server - _FREE_OF_FEES if any(mark in name.lower() for mark in _WITH_FEES)]
    return Offered(any=True, server=bool(server), searches=SEARCHES_WITHOUT_LIMIT * len(fees))


def _service_tiers(given: Mapping[str, msgspec.Raw]) -> tuple[str, ...]:
    if not is_given(given, "serviceTier"):
        return ()
    tier = bytes(given["serviceTier"]).strip(b'"').decode("utf-8", "replace")
    return (tier.lower().removeprefix("service_tier_"),)


def _each(raw: msgspec.Raw | None) -> Iterator[msgspec.Raw]:
    """Elements of a list; an object without brackets is a list of one."""
    if raw is None or bytes(raw) == b"null":
        return
    if bytes(memoryview(raw)[:1]) == b"{":
        yield raw
    else:
        yield from _list_decoder.decode(raw)
