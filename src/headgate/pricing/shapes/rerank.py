"""Bodies that ask for documents to be ranked: what is billed by the search, and what by the token.

Cohere bills searches: one query with up to 100 documents, where a document that is longer than 500 tokens with the
query counts once per piece of that size (its page about how its pricing works). Voyage and Jina bill tokens: the query
is read again with every document.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.usage import Unit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.fields import integer
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

DOCUMENTS_PER_SEARCH: Final = 100
PIECE_TOKENS: Final = 500
SHORTEST_PIECE: Final = 100
"""Tokens of a document in one piece, however long the query is."""
PER_DOCUMENT: Final = 8
"""Tokens: the marks around a query and a document."""

_items: Final = msgspec.json.Decoder(list[msgspec.Raw])


def shape_of_rerank(fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:
    """Read the shape of a body with a query and documents; see `shape.shape_of`."""
    query = _size(fields.get("query"))
    sizes = [_size(document) for document in _documents(fields)]
    return RequestShape(
        body_bytes=len(body) + (query + PER_DOCUMENT) * len(sizes),
        surcharge_tokens=surcharge_of(provider.name).plain,
        output=False,
        counted=((Unit.SEARCH_UNIT, _searches(query, sizes, integer(fields, "max_tokens_per_doc"))),),
    )


def _searches(query: int, sizes: list[int], longest: int | None) -> int:
    """The most searches that it can be, by bytes: no text has more tokens."""
    room = max(PIECE_TOKENS - query, SHORTEST_PIECE)
    read = [size if longest is None else min(size, longest) for size in sizes]
    pieces = sum(max(-(-size // room), 1) for size in read)
    return max(-(-pieces // DOCUMENTS_PER_SEARCH), 1)


def _documents(fields: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw]:
    try:
        return _items.decode(fields["documents"])
    except (KeyError, msgspec.DecodeError):
        return []


def _size(raw: msgspec.Raw | None) -> int:
    return 0 if raw is None else memoryview(raw).nbytes
