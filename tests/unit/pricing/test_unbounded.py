from decimal import Decimal

import msgspec
import pytest

from headgate.domain.prices import Rate
from headgate.domain.usage import Unit
from headgate.pricing.bound import RequestShape, upper_bound
from headgate.pricing.compiled import compile_card
from headgate.pricing.sim_cards import sim_cards
from headgate.pricing.unbounded import unbounded

CARD = compile_card(msgspec.structs.replace(sim_cards()[0], model="m", context_window=None, max_output=None))
PLAIN = RequestShape(body_bytes=10, max_output_tokens=10)


def changed(**fields: object) -> RequestShape:
    return msgspec.structs.replace(PLAIN, **fields)


def test_a_missing_limit_is_named_as_the_remedy():
    shape = changed(max_output_tokens=None)
    error = unbounded("m", CARD, msgspec.structs.replace(shape, limit_field="max_output_tokens"))
    assert upper_bound(CARD, shape) is None
    assert 402 == error.status
    assert ("cost_unbounded", "max_output_tokens") == (error.code, error.param)
    assert error.message.endswith("set 'max_output_tokens'.")


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (changed(refers_outside=True), "refers to more than it contains"),
        (changed(refers_outside=True, server_tools=True, searches=10), "runs tools"),
        (changed(images=1), "contains images"),
    ],
)
def test_an_input_without_an_end_needs_a_context_window(shape: RequestShape, reason: str):
    error = unbounded("m", CARD, shape)
    assert upper_bound(CARD, shape) is None
    assert reason in error.message
    assert "context window" in error.message
    assert ("cost_unbounded", None) == (error.code, error.param)


def test_a_model_that_searches_by_itself_says_so():
    error = unbounded("m", msgspec.structs.replace(CARD, searches=True), PLAIN)
    assert "reads pages on its own" in error.message


def test_a_missing_rate_is_a_missing_price():
    card = compile_card(msgspec.structs.replace(sim_cards()[0], rates={Unit.INPUT: Rate(Decimal(1))}))
    assert upper_bound(card, PLAIN) is None
    error = unbounded("m", card, PLAIN)
    assert ("model_unpriced", "model") == (error.code, error.param)


def test_an_answer_that_no_field_limits_needs_a_card_that_does():
    shape = changed(max_output_tokens=None, counted=((Unit.IMAGE, 1),))
    error = unbounded("m", CARD, shape)
    assert ("cost_unbounded", None) == (error.code, error.param)
    assert "how many tokens an answer has at most" in error.message
