import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Tier, Variant
from headgate.domain.usage import Unit
from headgate.pricing.compiled import compile_card, dearest
from headgate.pricing.sim_cards import sim_cards

CARD = PriceCard(
    id=CardId("acme/m1@always#1"),
    provider="acme",
    model="m1",
    match=Match(equals="m1"),
    rates={
        Unit.INPUT: Rate(Decimal(3), (Tier(200_000, Decimal(6)),)),
        Unit.OUTPUT: Rate(Decimal(15), (Tier(200_000, Decimal("22.5")), Tier(500_000, Decimal(30)))),
        Unit.REQUEST: Rate(Decimal(5_000)),
    },
    variants=(
        Variant("flex", {Unit.INPUT: Rate(Decimal("1.5"))}),
        Variant("fast", {Unit.INPUT: Rate(Decimal(9))}, dt.date(2026, 10, 12)),
    ),
    source="headgate",
)


def test_rates_are_integers_of_atto_usd_per_unit():
    assert 3_000_000_000_000 == compile_card(CARD).standard.brackets[-1].atto[Unit.INPUT]


def test_brackets_are_the_union_of_all_tiers_from_the_top():
    table = compile_card(CARD).standard
    assert [500_000, 200_000, -1] == [bracket.above for bracket in table.brackets]
    assert [6, 6, 3] == [bracket.atto[Unit.INPUT] // 10**12 for bracket in table.brackets]
    assert [30, 22, 15] == [bracket.atto[Unit.OUTPUT] // 10**12 for bracket in table.brackets]


def test_the_fee_per_request_is_known_apart():
    assert 5_000 * 10**12 == compile_card(CARD).standard.request_fee


def test_a_variant_replaces_only_what_it_names():
    flex = compile_card(CARD).by_service_tier["flex"]
    assert [1_500_000_000_000] * 3 == [bracket.atto[Unit.INPUT] for bracket in flex.brackets]
    assert 15_000_000_000_000 == flex.brackets[-1].atto[Unit.OUTPUT]


def test_a_variant_begins_on_its_day():
    assert {"flex"} == set(compile_card(CARD, dt.date(2026, 10, 11)).by_service_tier)
    assert {"flex", "fast"} == set(compile_card(CARD, dt.date(2026, 10, 12)).by_service_tier)


def test_a_free_card_prices_every_unit_at_nothing():
    free = compile_card(msgspec.structs.replace(CARD, rates={}, free=True))
    assert dict.fromkeys(Unit, 0) == free.standard.brackets[0].atto


@pytest.mark.parametrize("price", ["-1", "0.0000000000001"])
def test_a_price_that_is_no_whole_number_of_atto_usd_is_refused(price: str):
    with pytest.raises(ValueError, match="negative or has more than twelve decimals"):
        compile_card(msgspec.structs.replace(CARD, rates={Unit.INPUT: Rate(Decimal(price))}))


def test_the_dearest_rate_counts_only_brackets_within_reach():
    table = compile_card(CARD).standard
    assert 15 * 10**12 == dearest([table], (Unit.INPUT, Unit.OUTPUT), 200_000)
    assert 22_500_000_000_000 == dearest([table], (Unit.INPUT, Unit.OUTPUT), 200_001)
    assert 30 * 10**12 == dearest([table], (Unit.INPUT, Unit.OUTPUT), None)


def test_a_unit_without_a_rate_has_no_dearest():
    assert dearest([compile_card(CARD).standard], (Unit.WEB_SEARCH,), 1) is None


def test_a_card_without_a_window_has_its_familys():
    own = msgspec.structs.replace(sim_cards()[0], model="llama-3.3-70b", context_window=8_000)
    assert 8_000 == compile_card(own).context_window
    assert 131_072 == compile_card(msgspec.structs.replace(own, context_window=None)).context_window
