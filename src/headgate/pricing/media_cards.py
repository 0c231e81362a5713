"""Hand-made cards of models that are no chat: rerankers, images, moderation. Each figure with its source.

Not here: Jina's rerankers, whose price depends on the package of tokens that was bought. An admin adds a card.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Variant
from headgate.domain.usage import Unit
from headgate.pricing.card_ids import identified

_MILLION: Final = 1_000_000
_SEARCHES: Final[Mapping[str, str]] = {
    "rerank-v4.0-pro": "2.5",
    "rerank-v4.0-fast": "2",
    "rerank-v3.5": "2",
    "rerank-english-": "2",
    "rerank-multilingual-": "2",
}
"""Beginning of a model's name at Cohere -> USD per 1,000 searches: its pricing page as of December 2025."""
_TOKENS: Final[Mapping[str, str]] = {
    "rerank-3": "0.05",
    "rerank-3-lite": "0.02",
    "rerank-2.5": "0.05",
    "rerank-2.5-lite": "0.02",
    "rerank-2": "0.05",
    "rerank-2-lite": "0.02",
    "rerank-1": "0.05",
    "rerank-lite-1": "0.02",
}
"""Voyage's rerankers -> USD per million tokens: its pricing page, October 2026."""
_IMAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "dall-e-3": {
        "standard/1024x1024": "0.04",
        "standard/1024x1792": "0.08",
        "standard/1792x1024": "0.08",
        "hd/1024x1024": "0.08",
        "hd/1024x1792": "0.12",
        "hd/1792x1024": "0.12",
    },
    "dall-e-2": {"standard/256x256": "0.016", "standard/512x512": "0.018", "standard/1024x1024": "0.02"},
}
"""Model -> quality and size -> USD per image: OpenAI's pricing page until it retired them in May 2026. Azure's
deployments are priced by the same cards."""


def media_cards(source: str, priority: int) -> tuple[PriceCard, ...]:
    """All of them, from this source and of this priority."""

    def card(
        provider: str, match: Match, rates: dict[Unit, Rate], variants: tuple[Variant, ...] = (), *, free: bool = False
    ) -> PriceCard:
        return identified(
            PriceCard(
                id=CardId(""),
                provider=provider,
                model=(match.equals or match.starts_with or match.contains or "").rstrip("-"),
                match=match,
                rates=rates,
                variants=variants,
                free=free,
                source=source,
                priority=priority,
            )
        )

    return (
        *(
            card("cohere", Match(starts_with=name), {Unit.SEARCH_UNIT: _per_thousand(price)})
            for name, price in _SEARCHES.items()
        ),
        *(card("voyageai", Match(equals=name), {Unit.INPUT: Rate(Decimal(price))}) for name, price in _TOKENS.items()),
        *(
            # A size that the table does not have costs what the dearest does.
            card(
                "openai",
                Match(starts_with=name),
                {Unit.IMAGE: _each(max(prices.values(), key=Decimal))},
                tuple(Variant(tier, {Unit.IMAGE: _each(price)}) for tier, price in prices.items()),
            )
            for name, prices in _IMAGES.items()
        ),
        # OpenAI's moderation guide: the endpoint is free of charge.
        card("openai", Match(contains="moderation"), {}, free=True),
    )


def _each(price: str) -> Rate:
    return Rate(Decimal(price) * _MILLION)


def _per_thousand(price: str) -> Rate:
    return Rate(Decimal(price) * 1_000)
