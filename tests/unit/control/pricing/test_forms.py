from decimal import Decimal

import pytest

from headgate.control.pricing.forms import RATE_FIELDS, OverrideForm
from headgate.control.pricing.operations import add_override
from headgate.domain.prices import Match, Rate
from headgate.domain.usage import Unit

pytestmark = pytest.mark.django_db
GIVEN = {"provider": "openai", "model": "GPT-X", "match": "starts_with", "rate_input": "0.000000000001"}


def test_a_form_becomes_a_card_with_exact_rates(acme):
    form = OverrideForm({**GIVEN, "organization": acme.pk, "active_from": "2026-02-01", "context_window": "1000"})
    assert form.is_valid(), form.errors
    card = form.card
    assert (Match(starts_with="gpt-x"), {Unit.INPUT: Rate(price=Decimal("0.000000000001"))}) == (card.match, card.rates)
    assert (acme.pk, "2026-02-01", 1000, None, "admin", 100) == (
        card.organization_id,
        str(card.active_from),
        card.context_window,
        card.max_output,
        card.source,
        card.priority,
    )


def test_every_unit_can_be_priced():
    assert {unit.value for unit in Unit} == {name.removeprefix("rate_") for name in RATE_FIELDS}
    assert set(RATE_FIELDS) <= set(OverrideForm().fields)


def test_a_card_that_prices_nothing_is_refused_unless_it_is_free():
    given = {name: value for name, value in GIVEN.items() if name != "rate_input"}
    assert not OverrideForm(given).is_valid()
    assert OverrideForm({**given, "free": "on"}).is_valid()


@pytest.mark.parametrize("rate", ["-1", "0.0000000000001", "NaN", "Infinity", "cheap"])
def test_a_rate_that_is_no_exact_price_is_refused(rate: str):
    assert ["rate_input"] == list(OverrideForm({**GIVEN, "rate_input": rate}).errors)


def test_the_very_same_card_is_refused():
    form = OverrideForm(GIVEN)
    assert form.is_valid()
    add_override(form.card)
    assert not OverrideForm(GIVEN).is_valid()
