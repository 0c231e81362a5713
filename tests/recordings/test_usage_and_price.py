"""Every recorded answer with usage: the buckets sum up, the price is usage x card, and the operator's own bill is met."""

from decimal import Decimal

import pytest

from headgate.domain.formats import Format
from headgate.domain.money import nano_to_usd
from headgate.domain.usage import Unit
from headgate.pricing.book import PriceBook
from headgate.pricing.seed import seed_cards
from tests.kit.metered import Metered, metered_exchanges
from tests.kit.recordings import needs_recordings

pytestmark = needs_recordings

HALF_A_NANO = Decimal("5e-10")
PERPLEXITY_ROUNDING = Decimal("1e-5")
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

COUNTED_OTHERWISE = {
    "newrelic-py/tests/mlmodel_gemini/cassette.yaml#11": "its total leaves out the one token of the answer",
    "prism/tests/Fixtures/gemini/generate-text-with-a-prompt-with-no-thinking-budget-1.json#0": "shortened by hand",
}
"""Exchange -> why the provider's total is not the sum of its figures."""


@pytest.fixture(scope="module")
def metered() -> list[Metered]:
    return metered_exchanges(PriceBook(seed_cards()))


def reported_total(read: Metered) -> int:
    raw = read.raw
    if read.format is Format.ANTHROPIC_MESSAGES:
        names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        calls = [call for call in raw.get("iterations") or () if call["type"] not in ("message", "fallback_message")]
        return sum(whole.get(name) or 0 for whole in (raw, *calls) for name in names)
    if read.format is Format.GEMINI:
        return raw["totalTokenCount"]
    return raw.get("total_tokens") or (raw.get("prompt_tokens") or 0) + (raw.get("completion_tokens") or 0)


def test_the_recordings_are_read(metered: list[Metered]):
    assert len(metered) > 1_000
    formats = {Format.OPENAI_CHAT, Format.OPENAI_EMBEDDINGS, Format.ANTHROPIC_MESSAGES, Format.GEMINI}
    assert formats | {Format.BEDROCK_CONVERSE, Format.COHERE_CHAT, Format.OLLAMA_CHAT} == {
        read.format for read in metered
    }


def test_the_buckets_sum_to_what_the_provider_reported(metered: list[Metered]):
    wrong = {
        read.exchange["id"]: (reported_total(read), read.usage.quantities)
        for read in metered
        if reported_total(read) != read.usage.total_tokens
    }
    assert COUNTED_OTHERWISE.keys() == wrong.keys()


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
