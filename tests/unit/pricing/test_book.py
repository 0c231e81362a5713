import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard, Rate, Variant
from headgate.domain.usage import Unit
from headgate.pricing.book import PriceBook
from headgate.pricing.compiled import CompiledCard

NOON = dt.datetime(2026, 6, 15, 12, tzinfo=dt.UTC)


def card(name: str, **fields: Any) -> PriceCard:
    values: dict[str, Any] = {
        "provider": "acme",
        "model": "m1",
        "match": Match(equals="m1"),
        "rates": {Unit.INPUT: Rate(Decimal(1))},
        "source": "admin",
    }
    return PriceCard(id=CardId(name), **{**values, **fields})


def found(*cards: PriceCard, at: dt.datetime = NOON, model: str = "m1", organization: str | None = None) -> str | None:
    for order in (cards, tuple(reversed(cards))):
        got = PriceBook(order).card_for(provider="acme", model=model, organization_id=organization, at=at)
        name = got and got.card_id
    return name


def test_a_model_without_a_card_has_none():
    assert found(card("a"), model="m2") is None
    assert PriceBook(()).card_for(provider="acme", model="m1", organization_id=None, at=NOON) is None


def test_of_dated_cards_the_latest_that_has_begun_counts():
    cards = [card("a"), card("b", active_from=dt.date(2026, 6, 15)), card("c", active_from=dt.date(2026, 6, 16))]
    assert "b" == found(*cards)
    assert "a" == found(*cards, at=NOON - dt.timedelta(days=1))
    assert "c" == found(*cards, at=NOON + dt.timedelta(days=1))


def test_before_the_first_card_begins_there_is_none():
    assert found(card("a", active_from=dt.date(2026, 6, 16))) is None


def test_a_day_begins_at_midnight_utc():
    cards = [card("a"), card("b", active_from=dt.date(2026, 6, 15))]
    east = dt.timezone(dt.timedelta(hours=10))
    assert "a" == found(*cards, at=dt.datetime(2026, 6, 15, 9, 59, tzinfo=east))
    assert "b" == found(*cards, at=dt.datetime(2026, 6, 15, 10, 0, tzinfo=east))


def test_a_higher_priority_beats_a_later_date():
    assert "a" == found(card("a", priority=100), card("b", active_from=dt.date(2026, 1, 1)))


def test_a_card_for_a_time_of_day_applies_within_it():
    cards = [card("a"), card("night", daily_from=dt.time(16, 30), daily_to=dt.time(0, 30))]
    day = NOON.replace(hour=0, minute=0)
    times = {"00:29": "night", "00:30": "a", "16:29": "a", "16:30": "night"}
    for clock, expected in times.items():
        hour, minute = map(int, clock.split(":"))
        assert expected == found(*cards, at=day.replace(hour=hour, minute=minute))


def test_a_later_price_ends_an_older_time_of_day():
    cards = [card("night", daily_from=dt.time(10), daily_to=dt.time(14)), card("b", active_from=dt.date(2026, 1, 1))]
    assert "b" == found(*cards)


def test_an_organisations_own_card_is_its_own():
    cards = [card("a"), card("own", organization_id="o1")]
    assert "own" == found(*cards, organization="o1")
    assert "a" == found(*cards, organization="o2")
    assert "a" == found(*cards)


@pytest.mark.parametrize(
    ("expected", "match"),
    [
        (True, Match(equals="M1-mini")),
        (True, Match(starts_with="m1")),
        (True, Match(ends_with="mini")),
        (True, Match(contains="1-m")),
        (True, Match(regex="^m[0-9]-")),
        (True, Match(any_of=(Match(equals="x"), Match(equals="m1-mini")))),
        (True, Match(all_of=(Match(starts_with="m1"), Match(ends_with="mini")))),
        (False, Match(equals="m1")),
        (False, Match(all_of=(Match(starts_with="m1"), Match(ends_with="max")))),
        (False, Match(any_of=())),
        (False, Match(all_of=())),
    ],
)
def test_cards_match_names(expected: bool, match: Match):
    assert expected == (found(card("a", match=match), model="m1-MINI") is not None)


def test_an_answer_is_remembered():
    book = PriceBook([card("a")])
    first, second = (book.card_for(provider="acme", model="m1", organization_id=None, at=NOON) for _ in range(2))
    assert isinstance(first, CompiledCard)
    assert first is second


def test_names_that_callers_invent_do_not_pile_up():
    book = PriceBook([card("a")])
    for number in range(20_000):
        book.card_for(provider="acme", model=f"invented-{number}", organization_id=None, at=NOON)
    assert len(book._remembered) <= 8_192


def test_a_variant_counts_from_its_day():
    book = PriceBook([card("a", variants=(Variant("flex", {Unit.INPUT: Rate(Decimal(2))}, dt.date(2026, 6, 15)),))])
    before, after = (
        book.card_for(provider="acme", model="m1", organization_id=None, at=NOON - dt.timedelta(days=days))
        for days in (1, 0)
    )
    assert before is not None
    assert after is not None
    assert (set(), {"flex"}) == (set(before.by_service_tier), set(after.by_service_tier))
