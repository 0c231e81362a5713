"""Answers `POST /v1/rerank` and `/v2/rerank`: documents that share more words with the query come first.

Source: Cohere's API reference, "Rerank", and its page about pricing: one query with up to 100 documents is one search,
a document that is longer than 500 tokens with the query counts once per piece.
"""

import re
import zlib
from typing import Annotated

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.prices import Counts
from headgate.simulator.reading import decode, effective_knobs, require_model
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked, Served
from headgate.simulator.tokens import count_tokens

_WORD = re.compile(r"\w+")
_PIECE_TOKENS = 500
_SHORTEST_PIECE = 100
_DOCUMENTS_PER_SEARCH = 100


class _Document(msgspec.Struct, frozen=True):
    text: str


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    query: str | None = None
    documents: list[str | _Document] | None = None
    top_n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    return_documents: bool | None = None
    max_tokens_per_doc: Annotated[int, msgspec.Meta(ge=1)] | None = None
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)


def serve_rerank(asked: Asked) -> Served:
    """Order documents by how much they share with a query.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    model = require_model(request.model, Kind.RERANK)
    for name, value in (("query", request.query), ("documents", request.documents)):
        if not value:
            raise Refusal(400, f"Give '{name}'.", param=name, code="missing_required_parameter", model=model.name)
    query = request.query or ""
    texts = [one if isinstance(one, str) else one.text for one in request.documents or ()]
    scored = sorted(
        ((_score(query, text), index) for index, text in enumerate(texts)), key=lambda one: (-one[0], one[1])
    )
    counts = Counts(search_unit=_searches(count_tokens(query), texts, request.max_tokens_per_doc))
    knobs = effective_knobs(request.simulate, asked.knobs_header, asked.defaults)
    body: dict[str, object] = {
        "id": asked.unique,
        "results": [
            {"index": index, "relevance_score": score}
            | ({"document": {"text": texts[index]}} if request.return_documents else {})
            for score, index in scored[: request.top_n]
        ],
    }
    meta: dict[str, object] = {"api_version": {"version": "2"}}
    if not knobs.no_usage:
        meta["billed_units"] = {"search_units": counts.search_unit}
    return Served(model=model.name, knobs=knobs, counts=counts, body=msgspec.json.encode({**body, "meta": meta}))


def _score(query: str, text: str) -> float:
    wanted, there = set(_WORD.findall(query.lower())), set(_WORD.findall(text.lower()))
    shared = len(wanted & there) / len(wanted) if wanted else 0.0
    # A little that depends on the text alone, so that equal documents share a place and others rarely do.
    return round(0.9 * shared + zlib.crc32(text.encode()) / 2**32 / 10, 6)


def _searches(query: int, texts: list[str], longest: int | None) -> int:
    room = max(_PIECE_TOKENS - query, _SHORTEST_PIECE)
    sizes = [min(count_tokens(text), longest or count_tokens(text)) for text in texts]
    pieces = sum(max(-(-size // room), 1) for size in sizes)
    return -(-pieces // _DOCUMENTS_PER_SEARCH)
