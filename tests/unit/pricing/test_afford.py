from decimal import Decimal

import msgspec
import pytest

from headgate.domain.money import NanoUsd
from headgate.domain.prices import Rate
from headgate.domain.usage import Unit
from headgate.pricing.afford import LONGEST_UNKNOWN, MIN_CLAMPED, affordable_output
from headgate.pricing.bound import RequestShape, token_bound, upper_bound
from headgate.pricing.compiled import CompiledCard, compile_card
from headgate.pricing.sim_cards import sim_cards

PLAIN = RequestShape(body_bytes=100)


def card(**fields: object) -> CompiledCard:
    rates = {Unit.INPUT: Rate(Decimal(2)), Unit.OUTPUT: Rate(Decimal(10)), Unit.REQUEST: Rate(Decimal(0))}
    return compile_card(
        msgspec.structs.replace(
            sim_cards()[0], **({"rates": rates, "context_window": 5_000, "max_output": 400} | fields)
        )
    )


def changed(**fields: object) -> RequestShape:
    return msgspec.structs.replace(PLAIN, **fields)


def room(tokens_in: int, tokens_out: int) -> NanoUsd:
    return NanoUsd(tokens_in * 2_000 + tokens_out * 10_000)


def test_what_is_left_after_the_input_buys_output():
    assert 50 == affordable_output(card(), PLAIN, room=room(100, 50), tokens_room=None)
    assert 49 == affordable_output(card(), PLAIN, room=NanoUsd(room(100, 50) - 1), tokens_room=None)


def test_every_choice_is_paid_for():
    assert 50 == affordable_output(card(), changed(choices=3), room=room(100, 152), tokens_room=None)


def test_predicted_tokens_and_fees_are_paid_first():
    assert 50 == affordable_output(card(), changed(predicted_tokens=20), room=room(100, 70), tokens_room=None)
    dear = card(rates={Unit.INPUT: Rate(Decimal(2)), Unit.OUTPUT: Rate(Decimal(10)), Unit.REQUEST: Rate(Decimal(7))})
    assert 50 == affordable_output(dear, PLAIN, room=NanoUsd(room(100, 50) + 7_000), tokens_room=None)


def test_it_is_never_above_what_the_caller_or_the_model_allows():
    assert 400 == affordable_output(card(), PLAIN, room=room(100, 10**6), tokens_room=None)
    assert 30 == affordable_output(card(), changed(max_output_tokens=30), room=room(100, 10**6), tokens_room=None)


def test_without_any_limit_it_is_one_that_most_models_take():
    endless = card(context_window=None, max_output=None)
    assert LONGEST_UNKNOWN == affordable_output(endless, PLAIN, room=room(100, 10**6), tokens_room=None)
    assert 50 == affordable_output(endless, PLAIN, room=room(100, 50), tokens_room=None)


def test_a_room_of_tokens_holds_input_and_output():
    assert 40 == affordable_output(card(), PLAIN, room=None, tokens_room=140)
    assert 20 == affordable_output(card(), changed(choices=2), room=None, tokens_room=141)


def test_the_narrower_room_counts():
    assert 40 == affordable_output(card(), PLAIN, room=room(100, 50), tokens_room=140)
    assert 50 == affordable_output(card(), PLAIN, room=room(100, 50), tokens_room=190)


def test_a_free_model_needs_tokens_only():
    assert 40 == affordable_output(card(free=True), PLAIN, room=NanoUsd(0), tokens_room=140)


def test_a_model_whose_output_costs_nothing_is_bounded_by_its_own_limit():
    rates = {Unit.INPUT: Rate(Decimal(2)), Unit.OUTPUT: Rate(Decimal(0))}
    assert 400 == affordable_output(card(rates=rates), PLAIN, room=room(100, 0), tokens_room=None)


@pytest.mark.parametrize(
    ("shape", "money", "tokens"),
    [
        (PLAIN, room(100, MIN_CLAMPED - 1), None),
        (PLAIN, NanoUsd(room(100, 0) - 1), None),
        (PLAIN, NanoUsd(0), None),
        (PLAIN, None, 100 + MIN_CLAMPED - 1),
        (PLAIN, None, 50),
        (changed(max_output_tokens=5), room(100, 1_000), None),
        (changed(output=False), room(100, 1_000), None),
    ],
)
def test_too_little_is_refused(shape: RequestShape, money: NanoUsd | None, tokens: int | None):
    assert affordable_output(card(), shape, room=money, tokens_room=tokens) is None


def test_an_unbounded_input_cannot_be_paid_for():
    endless = card(context_window=None)
    assert affordable_output(endless, changed(refers_outside=True), room=room(1, 10**9), tokens_room=None) is None


def test_what_has_no_price_cannot_be_paid_for():
    assert affordable_output(None, PLAIN, room=room(100, 50), tokens_room=None) is None
    unpriced = card(rates={Unit.INPUT: Rate(Decimal(2))})
    assert affordable_output(unpriced, PLAIN, room=room(100, 50), tokens_room=None) is None


def test_the_clamped_request_fits_its_room():
    shape, money = changed(choices=2, predicted_tokens=3), room(150, 111)
    most = affordable_output(card(), shape, room=money, tokens_room=200)
    clamped = msgspec.structs.replace(shape, max_output_tokens=most)
    hold, tokens = upper_bound(card(), clamped), token_bound(card(), clamped)
    assert hold is not None
    assert tokens is not None
    assert hold <= money
    assert tokens <= 200
