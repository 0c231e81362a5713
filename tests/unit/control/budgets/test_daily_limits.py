import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from headgate.control.audit.models import AuditEntry
from headgate.control.budgets.daily_limits import (
    DailyLimit,
    check_daily_limit,
    daily_budget,
    reset_daily,
    set_daily_limits,
)
from headgate.control.budgets.models import Adjustment, Budget, Source, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.budgets.today import standings
from headgate.control.currencies.operations import add_rate
from headgate.control.publication.models import Publication
from headgate.domain.budget import BudgetUnit
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=5)
MONEY, TOKENS = BudgetUnit.MONEY, BudgetUnit.TOKENS


def put(organization, actor, *wanted, source=Source.ADMIN, now=NOW):
    return set_daily_limits(organization, wanted, source=source, actor=actor, now=now)


def shown(organization):
    return sorted(
        (each.budget.name, each.limit, each.spent, each.budget.currency) for each in standings(organization.pk, NOW)[0]
    )


def test_limits_of_money_and_tokens_count_what_the_day_has_had(acme, other, spend, superuser):
    spend(acme, 100)
    spend(other, 7)
    assert [MONEY, TOKENS] == put(acme, superuser, DailyLimit(MONEY, Decimal(2)), DailyLimit(TOKENS, Decimal(500)))
    assert [("Daily cost", 2_000_000_000, 100, "USD"), ("Daily tokens", 500, 22, "USD")] == shown(acme)
    assert [] == shown(other)


def test_the_same_again_changes_nothing(acme, superuser):
    wanted = (DailyLimit(MONEY, Decimal(2)), DailyLimit(TOKENS, Decimal(500)))
    put(acme, superuser, *wanted)
    before = Publication.objects.count(), AuditEntry.objects.count()
    assert [] == put(acme, superuser, *wanted)
    assert (*before, 2) == (Publication.objects.count(), AuditEntry.objects.count(), Budget.objects.count())


def test_a_limit_is_changed_where_it_stands(acme, spend, superuser):
    put(acme, superuser, DailyLimit(TOKENS, Decimal(500)))
    spend(acme, 100)
    Window.objects.update(spent=12)
    assert [TOKENS] == put(acme, superuser, DailyLimit(TOKENS, Decimal(20), soft=False))
    assert [("Daily tokens", 20, 12, "USD")] == shown(acme)
    assert (1, False) == (Budget.objects.count(), Budget.objects.get().soft)
    trail = AuditEntry.objects.get(action="changed")
    assert ("root", True) == (trail.actor, '"500 tokens"' in trail.details and '"20 tokens"' in trail.details)


def test_a_new_limit_is_soft_unless_said_otherwise_and_stays_what_it_is(acme, superuser):
    put(acme, superuser, DailyLimit(TOKENS, Decimal(1)), DailyLimit(MONEY, Decimal(1), soft=False))
    put(acme, superuser, DailyLimit(TOKENS, Decimal(2)), DailyLimit(MONEY, Decimal(2)))
    assert {"tokens": True, "money": False} == dict(Budget.objects.values_list("unit", "soft"))


def test_a_limit_is_taken_away_and_its_record_stays(acme, superuser):
    put(acme, superuser, DailyLimit(MONEY, Decimal(2)))
    assert [MONEY] == put(acme, superuser, DailyLimit(MONEY, None))
    assert [] == put(acme, superuser, DailyLimit(MONEY, None))
    assert ([], 1, 1) == (shown(acme), Budget.objects.count(), AuditEntry.objects.filter(action="retired").count())


def test_another_currency_counts_on_from_the_last_reset(acme, spend, superuser):
    add_rate("GBP", Decimal("1.25"), active_from=dt.date(2026, 1, 1), source="test")
    put(acme, superuser, DailyLimit(MONEY, Decimal(2)), now=NOW - dt.timedelta(hours=2))
    spend(acme, 100, at=NOW - dt.timedelta(hours=2))
    Window.objects.update(spent=100)
    reset_daily(acme, may=lambda _: True, reset_id="r", reason="why", actor=superuser, now=NOW - dt.timedelta(hours=1))
    spend(acme, 30)
    assert [MONEY] == put(acme, superuser, DailyLimit(MONEY, Decimal(2), "GBP"))
    assert [("Daily cost", 2_500_000_000, 30, "GBP")] == shown(acme)


def test_an_organizations_own_limit_stands_beside_the_operators(acme, superuser, acme_admin):
    put(acme, superuser, DailyLimit(TOKENS, Decimal(500)))
    put(acme, acme_admin, DailyLimit(TOKENS, Decimal(9_000)), source=Source.ORGANIZATION)
    assert [("Daily tokens", 500, 0, "USD"), ("Own daily tokens", 9_000, 0, "USD")] == shown(acme)
    put(acme, acme_admin, DailyLimit(TOKENS, None), source=Source.ORGANIZATION)
    assert [("Daily tokens", 500, 0, "USD")] == shown(acme)


def test_what_the_pages_made_first_is_changed_and_no_other_kind(acme, superuser):
    fields = {"organization": acme, "scope": "organization", "unit": "tokens", "limit": 5}
    create_budget(name="month", period="month", **fields)
    create_budget(name="shadow", period="day", shadow=True, **fields)
    create_budget(name="policy", period="day", source=Source.POLICY, **fields)
    first = create_budget(name="first", period="day", **fields)
    create_budget(name="second", period="day", **fields)
    assert first == daily_budget(acme, TOKENS, Source.ADMIN)
    assert daily_budget(acme, MONEY, Source.ADMIN) is None
    assert daily_budget(acme, TOKENS, Source.ORGANIZATION) is None


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (DailyLimit(MONEY, Decimal(-1)), "limit"),
        (DailyLimit(MONEY, Decimal("1e999999")), "limit"),
        (DailyLimit(MONEY, Decimal("0.1234567891")), "limit"),
        (DailyLimit(MONEY, Decimal(1), "QQQ"), "currency"),
        (DailyLimit(TOKENS, Decimal("1.5")), "limit"),
        (DailyLimit(TOKENS, Decimal(2**62)), "limit"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_changed(acme, superuser, wanted, field):
    with pytest.raises(ValidationError) as refused:
        check_daily_limit(acme, wanted)
    assert [field] == list(refused.value.message_dict)
    with pytest.raises(ValidationError):
        put(acme, superuser, DailyLimit(BudgetUnit.REQUESTS, Decimal(1)), wanted)
    assert 0 == Budget.objects.count()


def test_a_day_starts_anew_by_adjustments(acme, other, spend, superuser):
    for organization in (acme, other):
        spend(organization, 100)
        put(organization, superuser, DailyLimit(MONEY, Decimal(2)), DailyLimit(TOKENS, Decimal(500)))
    create_budget(name="each", scope="organization", period="day", limit=1, now=NOW)
    create_budget(name="month", organization=acme, scope="organization", period="month", limit=1, now=NOW)
    done = reset_daily(acme, may=lambda _: True, reset_id="r", reason="a test", actor=superuser, now=LATER)
    assert {"Daily cost": 100, "Daily tokens": 22, "each": 100} == {each.budget.name: each.spent for each in done.reset}
    assert {-100, -22} == set(Adjustment.objects.values_list("amount", flat=True))
    spent = {
        name: {each.budget.name: each.spent for each in standings(organization.pk, LATER)[0]}
        for name, organization in (("acme", acme), ("other", other))
    }
    assert {"Daily cost": 0, "Daily tokens": 0, "each": 0, "month": 100} == spent["acme"]
    assert {"Daily cost": 100, "Daily tokens": 22, "each": 100} == spent["other"]
    again = reset_daily(acme, may=lambda _: True, reset_id="r", reason="a test", actor=superuser, now=LATER)
    assert ([], 3) == (again.reset, Adjustment.objects.count())


def test_what_one_may_not_reset_is_kept(acme, spend, superuser, acme_admin):
    spend(acme, 100)
    put(acme, superuser, DailyLimit(MONEY, Decimal(2)))
    put(acme, acme_admin, DailyLimit(MONEY, Decimal(1)), source=Source.ORGANIZATION)
    done = reset_daily(
        acme,
        may=lambda budget: budget.source == Source.ORGANIZATION,
        reset_id="r",
        reason="why",
        actor=acme_admin,
        now=LATER,
    )
    assert (["Own daily cost"], ["Daily cost"]) == (
        [each.budget.name for each in done.reset],
        [each.name for each in done.kept],
    )


def test_a_reset_says_why(acme, superuser):
    with pytest.raises(ValidationError):
        reset_daily(acme, may=lambda _: True, reset_id="r", reason=" ", actor=superuser, now=LATER)
