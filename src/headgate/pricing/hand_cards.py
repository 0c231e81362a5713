"""Cards and variants that the price data lacks, each with its source.

Hand-made cards stand behind the package's own (`priority`), so that they only ever fill a gap.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import Unit
from headgate.pricing.card_ids import identified
from headgate.pricing.media_cards import media_cards

SOURCE: Final = "headgate"
_BEHIND: Final = -1_000_000

LOCAL_PROVIDERS: Final = ("ollama", "vllm", "tgi", "llamacpp", "lmstudio", "mistralrs")
"""Servers that one runs oneself: what they answer costs nothing per token."""

_SEARCH_FEES: Final[Mapping[str, tuple[int, int, int]]] = {
    "sonar": (5_000, 8_000, 12_000),
    "sonar-reasoning": (5_000, 8_000, 12_000),
    "sonar-pro": (6_000, 10_000, 14_000),
    "sonar-reasoning-pro": (6_000, 10_000, 14_000),
}
"""Perplexity's fee per million requests by size of the search context, low, medium, high (its pricing page)."""

_US_FACTOR: Final = Fraction(11, 10)
_BEFORE_GEOGRAPHY: Final = ("claude-2", "claude-3", "claude-instant", "claude-v", "claude-opus-4-0", "claude-opus-4-1",
                            "claude-opus-4-2", "claude-opus-4-5", "claude-sonnet-4-0", "claude-sonnet-4-2",
                            "claude-sonnet-4-5", "claude-haiku-4-5")  # fmt: skip
"""Anthropic charges 1.1 times for `inference_geo: us` from Claude Opus 4.6 on (its data residency page); these are
older."""


OPENROUTER_NATIVE_SEARCH: Final = Decimal(10_000)
"""USD per million searches of OpenAI's models on OpenRouter: OpenAI's own fee, as a recorded bill shows."""


_SEARCH_MODEL_FEES: Final = {"-search-preview": Decimal(25_000), "-search-api": Decimal(10_000)}
"""USD per million requests of OpenAI's models that search once per request (its pricing page, "web search")."""


def amended(card: PriceCard) -> PriceCard:
    """A card of the package with what it leaves out.

    Perplexity's fees by context size, Anthropic's US inference, searches of OpenAI's models on OpenRouter, the fee of
    OpenAI's search models, whose answers do not count their one search, and that Mistral bills no tokens of what it
    transcribes.
    """
    if card.free:
        return card
    if card.provider == "openrouter" and card.model.startswith("openai/") and Unit.WEB_SEARCH not in card.rates:
        return _with_rate(card, Unit.WEB_SEARCH, Rate(OPENROUTER_NATIVE_SEARCH))
    if card.provider == "openai":
        for mark, fee in _SEARCH_MODEL_FEES.items():
            if mark in card.model:
                return _with_rate(card, Unit.REQUEST, Rate(fee))
    if card.provider == "perplexity" and card.model in _SEARCH_FEES:
        return _with_search_fees(card, _SEARCH_FEES[card.model])
    if card.provider == "anthropic" and not card.model.startswith(_BEFORE_GEOGRAPHY):
        us = {unit: _times(rate, _US_FACTOR) for unit, rate in card.rates.items() if unit not in _FEES}
        return msgspec.structs.replace(card, variants=(*card.variants, Variant("us", us)))
    if card.provider == "mistral" and Unit.AUDIO_SECOND in card.rates and Unit.INPUT not in card.rates:
        # Its transcriptions report tokens too; its pricing page bills the minutes alone.
        unbilled = Rate(Decimal(0))
        return msgspec.structs.replace(card, rates={**card.rates, Unit.INPUT: unbilled, Unit.OUTPUT: unbilled})
    return card


_FEES: Final = frozenset({Unit.REQUEST, Unit.WEB_SEARCH, Unit.FILE_SEARCH, Unit.CODE_SESSION, Unit.TOOL_IMAGE})


def with_audio_of(card: PriceCard, makers: Mapping[str, Rate]) -> PriceCard:
    """A card of a Google model on OpenRouter with Google's own audio rate, which OpenRouter's price list leaves out.

    `makers` is Google's audio rate by model name.
    """
    rate = makers.get(card.model.removeprefix("google/"))
    if card.provider != "openrouter" or rate is None or card.free or Unit.INPUT_AUDIO in card.rates:
        return card
    return _with_rate(card, Unit.INPUT_AUDIO, rate)


def _with_rate(card: PriceCard, unit: Unit, rate: Rate) -> PriceCard:
    return msgspec.structs.replace(card, rates={**card.rates, unit: rate})


def _with_search_fees(card: PriceCard, fees: tuple[int, int, int]) -> PriceCard:
    # Cited sources and searches are billed apart by sonar-deep-research only; the fee per request covers them here.
    covered = {Unit.OUTPUT_CITATION: Rate(Decimal(0)), Unit.WEB_SEARCH: Rate(Decimal(0))}
    sizes = zip(("search-low", "search-medium", "search-high"), fees, strict=True)
    return msgspec.structs.replace(
        card,
        rates={**card.rates, **covered},
        variants=(*card.variants, *(Variant(size, {Unit.REQUEST: Rate(Decimal(fee))}) for size, fee in sizes)),
    )


def _times(rate: Rate, factor: Fraction) -> Rate:
    def scaled(price: Decimal) -> Decimal:
        return price * factor.numerator / factor.denominator

    return Rate(scaled(rate.price), tuple(Tier(tier.above, scaled(tier.price)) for tier in rate.tiers))


def hand_cards() -> tuple[PriceCard, ...]:
    """Models that the seeds name and the package lacks, and the local servers."""
    return (
        # Google's price list of May 2024 for Gemini 1.0 Pro.
        _card(
            "google",
            "gemini-pro-vision",
            Match(starts_with="gemini-pro-vision"),
            "0.5",
            "1.5",
            window=16_384,
            longest=2_048,
        ),
        # An alias of mistral-small-latest, at that model's two dated prices.
        _card("mistral", "mistral-small", Match(equals="mistral-small"), "0.1", "0.3", window=32_768),
        _card(
            "mistral",
            "mistral-small",
            Match(equals="mistral-small"),
            "0.15",
            "0.6",
            cached="0.015",
            since=dt.date(2026, 3, 16),
            window=262_144,
        ),
        # Venice's list of models, which its recorded bills confirm.
        _card(
            "venice",
            "mistral-small-3-2-24b-instruct",
            Match(equals="mistral-small-3-2-24b-instruct"),
            "0.09375",
            "0.25",
            window=256_000,
            longest=16_384,
        ),
        _card("venice", "qwen3-5-9b", Match(equals="qwen3-5-9b"), "0.1", "0.15", window=256_000),
        *media_cards(SOURCE, _BEHIND),
        *(
            identified(
                PriceCard(
                    id=CardId(""),
                    provider=provider,
                    model="*",
                    match=Match(regex="."),
                    rates={},
                    free=True,
                    source=SOURCE,
                    priority=_BEHIND,
                )
            )
            for provider in LOCAL_PROVIDERS
        ),
    )


def _card(
    provider: str,
    model: str,
    match: Match,
    rate_in: str,
    rate_out: str,
    *,
    cached: str | None = None,
    since: dt.date | None = None,
    window: int | None = None,
    longest: int | None = None,
) -> PriceCard:
    rates = {Unit.INPUT: Rate(Decimal(rate_in)), Unit.OUTPUT: Rate(Decimal(rate_out))}
    if cached is not None:
        rates[Unit.CACHE_READ] = Rate(Decimal(cached))
    return identified(
        PriceCard(
            id=CardId(""),
            provider=provider,
            model=model,
            match=match,
            rates=rates,
            active_from=since,
            context_window=window,
            max_output=longest,
            source=SOURCE,
            priority=_BEHIND,
        )
    )
