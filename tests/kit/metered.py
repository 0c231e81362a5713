"""Recorded exchanges as the gateway would meter and price them."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from headgate.domain.formats import Format
from headgate.domain.usage import Usage
from headgate.pricing.book import PriceBook
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.price import Priced, price
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for
from tests.kit.reading_gemini import gemini_documents
from tests.kit.recorded_natives import READERS
from tests.kit.recordings import FOLDER, GEMINI_FILES, MESSAGES_FILES, chat_files, exchanges, responses_files
from tests.kit.replay import Scripted, scripted

NATIVES = {
    "bedrock.converse": Format.BEDROCK_CONVERSE,
    "cohere.v2_chat": Format.COHERE_CHAT,
    "ollama.api_chat": Format.OLLAMA_CHAT,
}
"""Recorded answers of TGI have no usage."""
AFTER_ALL = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


class Metered(NamedTuple):
    """One exchange, read."""

    exchange: dict[str, Any]
    operator: str
    format: Format
    raw: dict[str, Any]
    """The usage object as a second parser sees it."""
    reading: Reading
    usage: Usage
    card: CompiledCard | None
    priced: Priced | None


def metered_exchanges(book: PriceBook, *, responses: bool = False) -> list[Metered]:
    """Every recorded answer with usage; of the Responses format only if they are asked for."""
    names = [*files(), *(responses_files() if responses else [])]
    return [read for name in names for exchange in exchanges(name) if (read := metered_exchange(name, exchange, book))]


def files() -> list[str]:
    embeddings = sorted(path.stem for path in FOLDER.glob("*.embeddings.jsonl"))
    return [*chat_files(), *embeddings, *MESSAGES_FILES, *GEMINI_FILES, *NATIVES]


def format_of(name: str) -> Format:
    if name in NATIVES:
        return NATIVES[name]
    if name in MESSAGES_FILES:
        return Format.ANTHROPIC_MESSAGES
    if name in GEMINI_FILES:
        return Format.GEMINI
    if name.endswith(".responses"):
        return Format.OPENAI_RESPONSES
    return Format.OPENAI_EMBEDDINGS if name.endswith(".embeddings") else Format.OPENAI_CHAT


def metered_exchange(name: str, exchange: dict[str, Any], book: PriceBook) -> Metered | None:
    operator = name.partition(".")[0].removeprefix("vertex_")
    provider = PROVIDERS.get(operator)
    if provider is None or exchange["status"] != 200:
        return None
    answer, form = scripted(exchange), format_of(name)
    if form in {Format.BEDROCK_CONVERSE, Format.GEMINI} and exchange["request"]:
        # The model stands in the address.
        exchange = {**exchange, "request": {**exchange["request"], "model": exchange["model"]}}
    meter = meter_for(form, provider)
    if answer.streamed:
        assert answer.body == meter.feed(answer.body) + meter.finish()
    else:
        meter.read_body(answer.body)
    reading = meter.reading
    raw = native_usage(answer, form) if form in READERS else raw_usage(exchange, form)
    if reading.usage is None:
        assert not any(isinstance(figure, int) and figure > 0 for figure in raw.values()), exchange["id"]
        return None
    asked = (exchange.get("request") or {}).get("model")
    cards = (
        book.card_for(provider=provider.price_provider, model=model, organization_id=None, at=answered_at(exchange))
        for model in (reading.response_model, asked)
        if model
    )
    card = next((card for card in cards if card), None)
    priced = price(card, reading.usage, reading.service_tier) if card else None
    return Metered(exchange, operator, form, raw, reading, reading.usage, card, priced)


def answered_at(exchange: dict[str, Any]) -> dt.datetime:
    if day := exchange.get("recorded_at"):
        return dt.datetime.fromisoformat(day).replace(hour=12, tzinfo=dt.UTC)
    created = re.search(rb'"created": ?(\d{10})\b', scripted(exchange).body)
    return dt.datetime.fromtimestamp(int(created[1]), dt.UTC) if created else AFTER_ALL


def raw_usage(exchange: dict[str, Any], form: Format) -> dict[str, Any]:
    if form is Format.GEMINI:
        answer = scripted(exchange)
        told = gemini_documents(answer.body) if answer.streamed else [exchange["response"]]
        counted = [figures for document in told if (figures := document.get("usageMetadata") or {})]
        # Figures that leave out the prompt are of a part of what was used.
        return next((figures for figures in reversed(counted) if "promptTokenCount" in figures), {})
    merged: dict[str, Any] = {}
    for event in bodies(exchange):
        body = (event.get("response") or event) if form is Format.OPENAI_RESPONSES else event
        found = body.get("usage") or (body.get("x_groq") or {}).get("usage") or (body.get("message") or {}).get("usage")
        if isinstance(found, dict):
            merged = {**merged, **found} if form is Format.ANTHROPIC_MESSAGES else found
    return merged


def native_usage(answer: Scripted, form: Format) -> dict[str, Any]:
    seen = READERS[form](answer.body, streamed=answer.streamed)
    return {"prompt_tokens": seen.prompt_tokens, "completion_tokens": seen.completion_tokens}


def bodies(exchange: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "response_sse" not in exchange:
        if isinstance(exchange["response"], dict):
            yield exchange["response"]
        return
    for line in exchange["response_sse"].splitlines():
        if line.startswith("data:") and line[5:].strip().startswith("{"):
            yield json.loads(line[5:])
