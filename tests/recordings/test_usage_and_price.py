"""Every recorded answer with usage: the buckets sum up, the price is usage x card, and the operator's own bill is met."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from headgate.domain.formats import Format
from headgate.domain.money import nano_to_usd
from headgate.domain.usage import Unit, Usage
from headgate.pricing.book import PriceBook
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.price import Priced, price
from headgate.pricing.seed import seed_cards
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import Reading
from headgate.translate.meter import meter_for
from tests.kit.recordings import FOLDER, MESSAGES_FILES, chat_files, exchanges, needs_recordings
from tests.kit.replay import scripted

pytestmark = needs_recordings

HALF_A_NANO = Decimal("5e-10")
PERPLEXITY_ROUNDING = Decimal("1e-5")
AFTER_ALL = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
OTHER_MODEL = "an advisor on another model is billed in the cost and in no token count"
OTHER_ROUTE = "the seller behind OpenRouter's route was cheaper than the model's list price"

EXPLAINED = {
    "dd-trace-py/tests/contrib/litellm/cassettes/completion_openrouter.yaml#0": OTHER_ROUTE,
    "dd-trace-py/tests/contrib/openai/cassettes/v1/chat_completion_openrouter.yaml#0": OTHER_ROUTE,
    "pydantic-ai/tests/models/cassettes/test_openrouter/test_openrouter_web_search_annotations.yaml#0": OTHER_ROUTE
    + ", and the fee of its search is unpriced",
    "pydantic-ai/tests/models/cassettes/test_openrouter/test_openrouter_advisor_tool.yaml#0": OTHER_MODEL,
    "pydantic-ai/tests/models/cassettes/test_openrouter/test_openrouter_advisor_tool_stream.yaml#0": OTHER_MODEL,
    "pydantic-ai/tests/models/openrouter/cassettes/test_cache/test_openrouter_cache_instructions_gemini_real_api.yaml#0": (
        "the same tokens are reported as written to the cache and as read from it, and are billed twice"
    ),
}
"""Exchange -> why the operator's bill is not ours."""


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


@pytest.fixture(scope="module")
def metered() -> list[Metered]:
    book = PriceBook(seed_cards())
    return [
        read for name in files() for exchange in exchanges(name) if (read := metered_exchange(name, exchange, book))
    ]


def files() -> list[str]:
    return [*chat_files(), *sorted(path.stem for path in FOLDER.glob("*.embeddings.jsonl")), *MESSAGES_FILES]


def format_of(name: str) -> Format:
    if name in MESSAGES_FILES:
        return Format.ANTHROPIC_MESSAGES
    return Format.OPENAI_EMBEDDINGS if name.endswith(".embeddings") else Format.OPENAI_CHAT


def metered_exchange(name: str, exchange: dict[str, Any], book: PriceBook) -> Metered | None:
    operator = name.partition(".")[0].removeprefix("vertex_")
    provider = PROVIDERS.get(operator)
    if provider is None or exchange["status"] != 200:
        return None
    answer, form = scripted(exchange), format_of(name)
    meter = meter_for(form, provider)
    if answer.streamed:
        assert answer.body == meter.feed(answer.body) + meter.finish()
    else:
        meter.read_body(answer.body)
    reading = meter.reading
    raw = raw_usage(exchange, form)
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
    created = re.search(r'"created": ?(\d{10})\b', scripted(exchange).body.decode())
    return dt.datetime.fromtimestamp(int(created[1]), dt.UTC) if created else AFTER_ALL


def raw_usage(exchange: dict[str, Any], form: Format) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for body in bodies(exchange):
        found = body.get("usage") or (body.get("x_groq") or {}).get("usage") or (body.get("message") or {}).get("usage")
        if isinstance(found, dict):
            merged = {**merged, **found} if form is Format.ANTHROPIC_MESSAGES else found
    return merged


def bodies(exchange: dict[str, Any]) -> Iterator[dict[str, Any]]:
    import json

    if "response_sse" not in exchange:
        if isinstance(exchange["response"], dict):
            yield exchange["response"]
        return
    for line in exchange["response_sse"].splitlines():
        if line.startswith("data:") and line[5:].strip().startswith("{"):
            yield json.loads(line[5:])


def reported_total(read: Metered) -> int:
    raw = read.raw
    if read.format is Format.ANTHROPIC_MESSAGES:
        names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        calls = [call for call in raw.get("iterations") or () if call["type"] not in ("message", "fallback_message")]
        return sum(whole.get(name) or 0 for whole in (raw, *calls) for name in names)
    return raw.get("total_tokens") or (raw.get("prompt_tokens") or 0) + (raw.get("completion_tokens") or 0)


def test_the_recordings_are_read(metered: list[Metered]):
    assert len(metered) > 1_000
    assert {Format.OPENAI_CHAT, Format.OPENAI_EMBEDDINGS, Format.ANTHROPIC_MESSAGES} == {
        read.format for read in metered
    }


def test_the_buckets_sum_to_what_the_provider_reported(metered: list[Metered]):
    wrong = {
        read.exchange["id"]: (reported_total(read), read.usage.quantities)
        for read in metered
        if reported_total(read) != read.usage.total_tokens
    }
    assert {} == wrong


def test_every_model_with_a_card_costs_usage_times_card(metered: list[Metered]):
    for read in metered:
        if read.card is None or read.priced is None or read.card.free:
            continue
        tier = read.reading.service_tier
        table = read.card.by_service_tier.get(tier or "", read.card.standard)
        bracket = next(bracket for bracket in table.brackets if read.usage.prompt_tokens > bracket.above)
        units = read.usage.quantities.items()
        exact = sum(Decimal(bracket.atto.get(unit, 0)) * count for unit, count in units) + table.request_fee
        assert round(exact / 10**9) == read.priced.amount
        assert read.priced.amount > 0
        assert tuple(unit for unit in read.usage.quantities if unit not in bracket.atto) == read.priced.unpriced_units


def test_nothing_but_free_models_costs_nothing(metered: list[Metered]):
    local = {"ollama", "vllm", "tgi", "llamacpp", "lmstudio", "mistralrs"}
    for read in metered:
        if read.card is not None and read.priced is not None and read.priced.amount == 0:
            assert read.card.free
            assert read.operator in local or read.card.model.endswith(":free")


def test_only_searches_are_ever_unpriced(metered: list[Metered]):
    unpriced = {unit for read in metered if read.priced for unit in read.priced.unpriced_units}
    assert unpriced <= {Unit.WEB_SEARCH}


def test_our_price_is_the_operators_own_bill(metered: list[Metered]):
    equal, rows, unexplained = 0, [], []
    for read in metered:
        if read.reading.reported_cost is None or not read.exchange["fidelity"].startswith("wire"):
            continue
        theirs, reason = their_bill(read)
        ours = nano_to_usd(read.priced.amount) if read.priced else None
        slack = PERPLEXITY_ROUNDING if read.operator == "perplexity" else HALF_A_NANO
        if ours is not None and abs(ours - theirs) <= slack:
            equal += 1
        elif ours is None:
            reason = "no card: unpriced, never 0"
        else:
            reason = EXPLAINED.get(read.exchange["id"])
            if reason is None:
                unexplained.append(read.exchange["id"])
        if reason or ours != theirs:
            day = read.exchange.get("recorded_at") or "undated"
            rows.append((read.operator, read.reading.response_model, day, theirs, ours, reason or "rounding"))
    for row in rows:
        print(*row, sep=" | ")
    print(f"{equal} bills met")
    assert [] == unexplained
    assert equal >= 55


def their_bill(read: Metered) -> tuple[Decimal, str | None]:
    """With the customer's own key OpenRouter bills its fee alone; the model's price stands under `cost_details`."""
    theirs = read.reading.reported_cost
    assert theirs is not None
    if read.raw.get("is_byok"):
        return theirs + Decimal(str(read.raw["cost_details"]["upstream_inference_cost"])), "own key"
    if read.operator == "perplexity":
        return theirs, "its parts are rounded to five decimals"
    return theirs, None


def test_no_explanation_is_stale(metered: list[Metered]):
    ids = {read.exchange["id"] for read in metered}
    assert set(EXPLAINED) <= ids
