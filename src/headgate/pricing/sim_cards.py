"""Price cards of the simulated provider: odd figures on purpose, so that a wrong bucket never gives the right amount.

The simulator keeps its own copy of these figures for its bill, so that the two can disagree in a test.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Variant
from headgate.domain.usage import Unit
from headgate.pricing.card_ids import identified

PROVIDER: Final = "sim"


def sim_cards() -> tuple[PriceCard, ...]:
    """One card per simulated model."""
    return (
        _card("echo", {Unit.INPUT: "0.11", Unit.CACHE_READ: "0.011", Unit.OUTPUT: "0.37"}, 32_768, 4_096),
        _card(
            "small",
            {Unit.INPUT: "0.23", Unit.CACHE_READ: "0.023", Unit.CACHE_WRITE: "0.2875", Unit.OUTPUT: "0.89"},
            131_072,
            8_192,
        ),
        _card(
            "large",
            {
                Unit.INPUT: "2.7",
                Unit.CACHE_READ: "0.27",
                Unit.CACHE_WRITE: "3.375",
                Unit.CACHE_WRITE_1H: "5.4",
                Unit.OUTPUT: "13.1",
            },
            200_000,
            16_384,
        ),
        _card(
            "reasoner",
            {Unit.INPUT: "1.3", Unit.CACHE_READ: "0.13", Unit.OUTPUT: "5.9", Unit.OUTPUT_REASONING: "5.9"},
            200_000,
            65_536,
        ),
        _card("open", {}, 131_072, 8_192, free=True),
        _card("embed", {Unit.INPUT: "0.017"}, 8_192, None),
        _card("moderate", {}, 32_768, None, free=True),
        _card("rerank", {Unit.SEARCH_UNIT: "1900"}),
        _card("image", {Unit.IMAGE: "90000"}, variants=_IMAGES),
        _card(
            "image-tokens",
            {Unit.INPUT: "4.3", Unit.INPUT_IMAGE: "7.9", Unit.OUTPUT: "8.7", Unit.OUTPUT_IMAGE: "31"},
            4_096,
            6_240,
        ),
        _card("speech", {Unit.CHARACTER: "14"}),
        _card("speech-tokens", {Unit.INPUT: "0.7", Unit.OUTPUT: "1.9", Unit.OUTPUT_AUDIO: "11.3"}, 4_096, 16_384),
        _card("transcribe", {Unit.AUDIO_SECOND: "90"}),
        _card(
            "transcribe-tokens",
            {Unit.INPUT: "2.3", Unit.INPUT_AUDIO: "5.7", Unit.OUTPUT: "9.1"},
            16_384,
            2_048,
        ),
    )


_IMAGES: Final = {"standard/512x512": "13000", "standard/1024x1024": "37000"}
"""Quality and size -> USD per million images; any other costs what the dearest does."""


def _card(
    model: str,
    rates: dict[Unit, str],
    context_window: int | None = None,
    max_output: int | None = None,
    *,
    free: bool = False,
    variants: Mapping[str, str] = {},
) -> PriceCard:
    card = PriceCard(
        id=CardId(""),
        provider=PROVIDER,
        model=model,
        match=Match(equals=model),
        rates={unit: Rate(Decimal(figure)) for unit, figure in rates.items()},
        variants=tuple(Variant(tier, {Unit.IMAGE: Rate(Decimal(figure))}) for tier, figure in variants.items()),
        context_window=context_window,
        max_output=max_output,
        source="headgate",
        free=free,
    )
    return identified(card)
