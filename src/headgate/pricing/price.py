"""What a call cost: the one pricing function, with the one rounding."""

from typing import NamedTuple

from headgate.domain.money import AttoUsd, NanoUsd, round_to_nano
from headgate.domain.usage import Unit, Usage
from headgate.pricing.compiled import CompiledCard


class Priced(NamedTuple):
    """An amount, and what it leaves out."""

    amount: NanoUsd
    unpriced_units: tuple[str, ...]
    """Units with a quantity that the card has no rate for."""


def price(card: CompiledCard, usage: Usage, service_tier: str | None) -> Priced:
    """Usage x card, rounded once, half to even.

    The bracket is chosen by the total input, cached or not. A service tier that the card does not name costs what the
    standard one does. The fee per request is added once, unless the usage counts requests itself.
    """
    table = card.standard if service_tier is None else card.by_service_tier.get(service_tier, card.standard)
    quantities = usage.quantities
    bracket = table.brackets[-1]
    if len(table.brackets) > 1:
        prompt_tokens = usage.prompt_tokens
        for bracket in table.brackets:
            if prompt_tokens > bracket.above:
                break
    rates = bracket.atto
    amount = table.request_fee
    unpriced: list[str] = []
    for unit, quantity in quantities.items():
        rate = rates.get(unit)
        if rate is None:
            unpriced.append(unit.value)
        else:
            amount += rate * quantity
    if table.request_fee and Unit.REQUEST in quantities:
        amount -= table.request_fee
    return Priced(round_to_nano(AttoUsd(amount)), tuple(unpriced))
