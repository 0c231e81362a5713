"""Which rate stands in where a card has none, so that no token falls to 0 by accident.

A cached token without a cached rate costs what a fresh one does, reasoning without a rate what visible output does.
Audio and images without a rate cost what text does, which can be too little: cards that sell them must say so. Fees
(searches, requests) have no stand-in: a quantity of theirs without a rate is unpriced, and the cost event says so.
"""

from collections.abc import Mapping
from typing import Final

from headgate.domain.prices import Rate, Tier
from headgate.domain.usage import Unit

HOUR_WRITE_FACTOR: Final = 2
"""Anthropic: writing to the cache for one hour costs twice the input rate (its prompt caching page)."""

STAND_INS: Final[Mapping[Unit, tuple[Unit, ...]]] = {
    Unit.INPUT_AUDIO: (Unit.INPUT,),
    Unit.INPUT_IMAGE: (Unit.INPUT,),
    Unit.CACHE_READ: (Unit.INPUT,),
    Unit.CACHE_READ_AUDIO: (Unit.INPUT_AUDIO, Unit.CACHE_READ, Unit.INPUT),
    Unit.CACHE_READ_IMAGE: (Unit.INPUT_IMAGE, Unit.CACHE_READ, Unit.INPUT),
    Unit.CACHE_WRITE: (Unit.INPUT,),
    Unit.OUTPUT_REASONING: (Unit.OUTPUT,),
    Unit.OUTPUT_AUDIO: (Unit.OUTPUT,),
    Unit.OUTPUT_IMAGE: (Unit.OUTPUT,),
    Unit.OUTPUT_CITATION: (Unit.OUTPUT,),
}


def complete_rates(rates: Mapping[Unit, Rate]) -> dict[Unit, Rate]:
    """The card's own rates and a stand-in for every token unit that has one."""
    complete = dict(rates)
    for unit, stand_ins in STAND_INS.items():
        if unit not in rates:
            for stand_in in stand_ins:
                if stand_in in rates:
                    complete[unit] = rates[stand_in]
                    break
    if Unit.CACHE_WRITE_1H not in rates and Unit.INPUT in rates:
        complete[Unit.CACHE_WRITE_1H] = _times(rates[Unit.INPUT], HOUR_WRITE_FACTOR)
    return complete


def _times(rate: Rate, factor: int) -> Rate:
    return Rate(rate.price * factor, tuple(Tier(tier.above, tier.price * factor) for tier in rate.tiers))
