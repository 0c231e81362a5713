"""The first price book: the installed genai-prices data as price cards, with what it lacks from `hand_cards`.

That package lists, per operator, models in order (the first whose pattern matches wins) and per model either one price
or several with a start date or a time of day (the last that is active wins). Here the order becomes `priority`, and a
price for a time of day begins with the dated price that it stands behind. Empty prices mean free only where the name
ends in `:free`; elsewhere they mean unknown, and make no card.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from typing import Final

import msgspec
from genai_prices import types as genai
from genai_prices.data import providers as genai_providers

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import Unit
from headgate.pricing.card_ids import identified
from headgate.pricing.hand_cards import amended, hand_cards, with_audio_of
from headgate.pricing.sim_cards import sim_cards
from headgate.providers.families import family_of

_PER_THOUSAND: Final = 1_000
_UNITS: Final[Mapping[str, tuple[Unit, int | Fraction]]] = {
    "input_mtok": (Unit.INPUT, 1),
    "input_audio_mtok": (Unit.INPUT_AUDIO, 1),
    "input_image_mtok": (Unit.INPUT_IMAGE, 1),
    "cache_read_mtok": (Unit.CACHE_READ, 1),
    "cache_audio_read_mtok": (Unit.CACHE_READ_AUDIO, 1),
    "cache_image_read_mtok": (Unit.CACHE_READ_IMAGE, 1),
    "cache_write_mtok": (Unit.CACHE_WRITE, 1),
    "cache_write_1h_mtok": (Unit.CACHE_WRITE_1H, 1),
    "output_mtok": (Unit.OUTPUT, 1),
    "output_reasoning_mtok": (Unit.OUTPUT_REASONING, 1),
    "output_audio_mtok": (Unit.OUTPUT_AUDIO, 1),
    "output_image_mtok": (Unit.OUTPUT_IMAGE, 1),
    "output_citation_mtok": (Unit.OUTPUT_CITATION, 1),
    "requests_kcount": (Unit.REQUEST, _PER_THOUSAND),
    "web_searches_kcount": (Unit.WEB_SEARCH, _PER_THOUSAND),
    "storage_searches_kcount": (Unit.FILE_SEARCH, _PER_THOUSAND),
    "input_mchars": (Unit.CHARACTER, 1),
    "input_audio_hours": (Unit.AUDIO_SECOND, Fraction(1_000_000, 3_600)),
}
"""Price key -> unit and the factor that makes it USD per million. Keys that are absent (pages, sound that comes out by
the hour) have no unit in the formats that Headgate speaks."""

_DECIMALS: Final = Decimal("1e-12")
"""Finer digits in the source are the noise of a binary float (0.18000000000000002) or a repeating twelfth."""


def seed_cards() -> tuple[PriceCard, ...]:
    """All cards of a new installation; the same package version always gives the same ids."""
    source = f"genai-prices {version('genai-prices')}"
    cards: list[PriceCard] = []
    for operator in genai_providers:
        for place, model in enumerate(operator.models):
            cards.extend(_model_cards(operator.id, model, -place, source))
    spoken = {card.model: card.rates[Unit.INPUT_AUDIO] for card in cards if _is_googles(card)}
    return (*(identified(amended(with_audio_of(card, spoken))) for card in cards), *hand_cards(), *sim_cards())


def _is_googles(card: PriceCard) -> bool:
    return card.provider == "google" and Unit.INPUT_AUDIO in card.rates


def _model_cards(operator: str, model: genai.ModelInfo, priority: int, source: str) -> Iterator[PriceCard]:
    conditions = model.prices if isinstance(model.prices, list) else [genai.ConditionalPrice(prices=model.prices)]
    began = None
    for place, condition in enumerate(conditions):
        rates = _rates(condition.prices)
        free = (not rates and model.id.endswith(":free")) or (bool(rates) and not any(_figures(rates)))
        constraint = condition.constraint
        if isinstance(constraint, genai.StartDateConstraint):
            # The first price also covers the time before all of them.
            began = constraint.start_date if place else None
        if not rates and not free:
            continue
        daily = constraint if isinstance(constraint, genai.TimeOfDateConstraint) else None
        yield PriceCard(
            id=CardId(""),
            provider=operator,
            model=model.id,
            match=_match(model.match),
            rates=rates,
            variants=tuple(_variants(model)),
            active_from=began,
            daily_from=daily.start_time.replace(tzinfo=None) if daily else None,
            daily_to=daily.end_time.replace(tzinfo=None) if daily else None,
            context_window=model.context_window,
            max_output=family_of(model.id).max_output,
            free=free,
            source=source,
            priority=priority,
        )


def _rates(prices: genai.ModelPrice) -> dict[Unit, Rate]:
    rates: dict[Unit, Rate] = {}
    for key, (unit, factor) in _UNITS.items():
        price: object = getattr(prices, key)
        if isinstance(price, genai.TieredPrices):
            tiers = tuple(Tier(tier.start, _clean(tier.price, factor)) for tier in price.tiers)
            rates[unit] = Rate(_clean(price.base, factor), tiers)
        elif isinstance(price, Decimal):
            rates[unit] = Rate(_clean(price, factor))
    return rates


def _figures(rates: Mapping[Unit, Rate]) -> Iterator[Decimal]:
    for rate in rates.values():
        yield rate.price
        yield from (tier.price for tier in rate.tiers)


def _clean(price: Decimal, factor: int | Fraction) -> Decimal:
    return (price * factor.numerator / factor.denominator).quantize(_DECIMALS).normalize() + 0


def _variants(model: genai.ModelInfo) -> Iterator[Variant]:
    """Variants by service tier, by batch processing and by speed; other conditions have no counterpart in an answer."""
    for variant in model.price_variants or ():
        if len(variant.when) != 1:
            continue
        key, value = next(iter(variant.when.items()))
        rates = _rates(variant.prices)
        if rates and key in ("service_tier", "processing", "speed"):
            constraint = variant.constraint
            since = constraint.start_date if isinstance(constraint, genai.StartDateConstraint) else None
            yield Variant(value, rates, since)


def _match(clause: genai.MatchLogic) -> Match:
    match clause:
        case genai.ClauseEquals(equals=text):
            return Match(equals=text.lower())
        case genai.ClauseStartsWith(starts_with=text):
            return Match(starts_with=text.lower())
        case genai.ClauseEndsWith(ends_with=text):
            return Match(ends_with=text.lower())
        case genai.ClauseContains(contains=text):
            return Match(contains=text.lower())
        case genai.ClauseRegex(regex=text):
            return Match(regex=text)
        case genai.ClauseOr(or_=parts):
            return Match(any_of=tuple(_match(part) for part in parts))
        case genai.ClauseAnd(and_=parts):
            return Match(all_of=tuple(_match(part) for part in parts))
    raise msgspec.ValidationError(f"unknown match clause {clause!r}")
