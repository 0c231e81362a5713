import msgspec
import pytest

from headgate.domain.budget import BudgetUnit, LeaseClass
from headgate.domain.errors import Unpriced
from headgate.domain.principal import Attribution
from headgate.ledger.budgets import BudgetTable, Payer
from headgate.ledger.records import Held
from headgate.pipeline.doors import CHAT
from headgate.pipeline.intake import read_intake
from headgate.pipeline.plan import Plan, choose_target, price_plan
from headgate.pipeline.tariff import Tariff
from headgate.pipeline.wants import hold_of, wants_of
from headgate.pricing.bound import token_bound
from tests.kit.budgeted import CHAT_BODY, budget, snapshot_with
from tests.kit.fakes import NOON, ORGANIZATION, PRINCIPAL, Rig, config_of

UNITS = [budget(1, unit.value, unit=unit) for unit in BudgetUnit]
PAYER = Payer(PRINCIPAL.organization_id, PRINCIPAL.key_id, Attribution())


def wanted(model: str = "gpt-4o", organization=ORGANIZATION):
    """Everything that a request has to hold in one budget of each unit, and its plan."""
    snapshot = snapshot_with(*UNITS, organization=organization)
    config, request = config_of(snapshot), Rig(snapshot).request({**CHAT_BODY, "model": model})
    intake = read_intake(CHAT, request.body)
    plan = price_plan(request, intake, choose_target(intake, organization, config), organization, config)
    return BudgetTable(snapshot.budgets, snapshot.calendars).in_force(PAYER), plan, intake


def test_a_request_wants_its_price_its_tokens_and_one_request_ascending_by_window():
    in_force, plan, intake = wanted()
    wants = wants_of(in_force, NOON, plan, intake)
    assert ["money", "requests", "tokens"] == [want.budget.name for want in wants]
    assert [plan.tariff.hold, 1, token_bound(plan.tariff.card, plan.shape)] == [want.need.amount for want in wants]
    assert ["2026-01-01"] * 3 == [want.need.window.label for want in wants]


@pytest.mark.parametrize("model", ["gpt-free", "gpt-zero"])
def test_what_can_cost_nothing_skips_the_windows_that_count_money_and_only_those(model: str):
    assert ["requests", "tokens"] == [want.budget.name for want in wants_of(*_at_noon(*wanted(model)))]


def _at_noon(in_force, plan, intake):
    return in_force, NOON, plan, intake


def test_an_endpoint_that_nobody_bills_wants_nothing():
    in_force, plan, intake = wanted()
    free = Plan(plan.target, Tariff(card=None, hold=0, free=True), None)
    assert [] == wants_of(in_force, NOON, free, intake)


def test_what_has_no_price_is_refused_by_a_budget_that_would_have_to_bound_it():
    allowed = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)
    in_force, plan, intake = wanted("gpt-unheard-of", allowed)
    bounded = [each for each in in_force if each.budget.unit is not BudgetUnit.MONEY]
    assert ["requests", "tokens"] == [want.budget.name for want in wants_of(bounded, NOON, plan, intake)]
    with pytest.raises(Unpriced) as refusal:
        wants_of(in_force, NOON, plan, intake)
    assert ("model_unpriced", "model") == (refusal.value.code, refusal.value.param)


def test_a_hold_knows_what_its_parts_count():
    in_force, plan, intake = wanted()
    wants = wants_of(in_force, NOON, plan, intake)
    parts = [Held(want.need.window.id, LeaseClass.NORMAL, want.need.amount) for want in wants]
    assert (tuple(parts), (BudgetUnit.MONEY, BudgetUnit.REQUESTS, BudgetUnit.TOKENS)) == hold_of(parts, wants)
