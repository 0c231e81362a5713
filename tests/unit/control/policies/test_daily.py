from decimal import Decimal

import pytest
from django.utils import timezone

from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.operations import retire
from headgate.control.currencies.operations import add_rate
from headgate.control.ledger.operations import post, register_owner
from headgate.control.policies.models import Policy
from headgate.control.policies.operations import save_policy
from headgate.control.publication.models import Snapshot
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import OwnerPosting, cost_event
from headgate.snapshot.contract import decode_snapshot
from tests.kit.books import sent, settled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_euro_is_two_dollars(db):
    add_rate("EUR", Decimal(2), active_from=timezone.now().date(), source="a test")


def policy(acme, **fields: object) -> Policy:
    made = Policy(organization=acme, name="Production", **{"max_cost_per_day_eur": Decimal(5), **fields})
    save_policy(made, actor="root")
    return made


def change(row: Policy, **fields: object) -> Policy:
    fresh = Policy.objects.get(pk=row.pk)
    for name, value in fields.items():
        setattr(fresh, name, value)
    save_policy(fresh, actor="root")
    return fresh


def published() -> list:
    return list(decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).budgets)


def test_the_daily_cost_is_a_budget_that_refuses_in_the_policys_name(acme):
    policy(acme, time_zone="Europe/Berlin")
    (budget,) = published()
    assert ("Production", acme.pk, "organization", "day", "day:Europe/Berlin", "money", 10_000_000_000, False) == (
        budget.policy,
        budget.organization_id,
        budget.scope,
        budget.period,
        budget.calendar,
        budget.unit,
        budget.limit,
        budget.shadow,
    )
    assert (budget.limit, "EUR") == (budget.hard, budget.currency)
    assert "Production: maxCostPerDayEur" == budget.name


@pytest.mark.parametrize("fields", [{"max_cost_per_day_eur": None}, {"enabled": False}])
def test_without_a_daily_cost_there_is_no_budget(fields: dict, acme):
    row = policy(acme, **fields)
    assert ([], None, 0) == (published(), row.budget, Budget.objects.count())


def test_a_limit_of_nothing_is_a_limit(acme):
    policy(acme, max_cost_per_day_eur=Decimal(0))
    assert [0] == [budget.limit for budget in published()]


def test_the_budget_starts_from_what_the_day_has_cost(acme):
    register_owner(OwnerId("o"), "node", "boot")
    event = cost_event(sent(organization_id=acme.pk, at=timezone.now().timestamp()), settled())
    post(OwnerPosting(owner_id=OwnerId("o"), posted_from=0, posted_to=1, low_watermark=1, events=(event,)))
    row = policy(acme)
    assert [1_234] == [window.spent for window in Window.objects.filter(budget=row.budget_id)]


def test_a_changed_limit_is_the_same_budgets_next_version(acme):
    row = policy(acme)
    change(row, max_cost_per_day_eur=Decimal(1))
    (budget,) = published()
    assert (row.budget_id, 2_000_000_000, 2) == (budget.id, budget.limit, budget.limit_version)


def test_nothing_changes_in_a_budget_when_the_policys_other_rules_do(acme):
    row = policy(acme)
    change(row, blocked_models=["gpt-4"])
    (budget,) = published()
    assert (row.budget_id, 1, 0, 0) == (
        budget.id,
        budget.limit_version,
        budget.epoch,
        Adjustment.objects.count(),
    )


def test_a_renamed_policys_budget_speaks_in_the_new_name(acme):
    change(policy(acme), name="Renamed")
    assert [("Renamed", "Renamed: maxCostPerDayEur")] == [(budget.policy, budget.name) for budget in published()]


def test_a_shadow_policys_budget_is_a_shadow(acme):
    row = policy(acme, shadow=True)
    assert [True] == [budget.shadow for budget in published()]
    change(row, shadow=False)
    assert [False] == [budget.shadow for budget in published()]


def test_another_time_zone_is_another_epoch_with_a_dated_entry(acme):
    change(policy(acme), time_zone="Asia/Kolkata")
    (budget,) = published()
    assert ("day:Asia/Kolkata", 1) == (budget.calendar, budget.epoch)
    entry = Adjustment.objects.get()
    assert ("root", True) == (entry.actor, 'policy "Production" was changed' in entry.reason)


@pytest.mark.parametrize("fields", [{"max_cost_per_day_eur": None}, {"enabled": False}])
def test_a_limit_that_is_taken_back_retires_its_budget_and_comes_back_as_another(fields: dict, acme):
    row = policy(acme)
    gone = change(row, **fields)
    assert ([], None) == (published(), gone.budget)
    assert Budget.objects.get().retired_at is not None
    back = change(row, enabled=True, max_cost_per_day_eur=Decimal(3))
    assert [(back.budget_id, 6_000_000_000)] == [(budget.id, budget.limit) for budget in published()]
    assert row.budget_id != back.budget_id


def test_a_budget_that_was_retired_by_hand_comes_back_with_the_next_change(acme):
    row = policy(acme)
    retire(row.budget)
    assert [] == published()
    back = change(row, blocked_models=["gpt-4"])
    assert [back.budget_id] == [budget.id for budget in published()]
    assert row.budget_id != back.budget_id
