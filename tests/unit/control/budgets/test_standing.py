import datetime as dt
from decimal import Decimal

import pytest

from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import create_budget, retire
from headgate.control.budgets.standing import bounding, standing_of
from headgate.domain.budget import Period, Scope
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
TOMORROW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
DECEMBER = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
USD = 1_000_000_000


def make(**fields):
    return create_budget(**{"name": "b", "scope": "user", "period": "day", "limit": 5, "now": NOW, **fields})


def test_without_budgets_a_user_is_unlimited_and_has_spent_what_he_spent(acme, other, spend):
    spend(acme, 2 * USD, user="u1")
    spend(acme, 3 * USD, user="u1", at=NOW - dt.timedelta(days=1))
    spend(acme, 7 * USD, user="u2")
    spend(other, 9 * USD, user="u1")
    spend(acme, 11 * USD, user="u1", at=NOW - dt.timedelta(days=30))
    standing = standing_of("u1", acme.pk, NOW)
    assert (2 * USD, None, None, None) == (
        standing.daily.spend,
        standing.daily.limit,
        standing.daily.percent_used,
        standing.daily.resets_at,
    )
    assert (5 * USD, None, []) == (standing.monthly.spend, standing.monthly.scope, standing.exhausted)


def test_a_limit_of_users_is_told_with_what_is_spent_and_held_of_it(acme, spend):
    spend(acme, USD, user="u1")
    make(name="day of each")
    make(name="month of each", period="month", limit=40)
    Window.objects.filter(subject="u1", label="2026-11-20").update(leased=USD // 2)
    standing = standing_of("u1", acme.pk, NOW)
    assert (USD, USD // 2, 5 * USD, Scope.USER, "day of each", TOMORROW) == tuple(standing.daily)
    assert (USD, 0, 40 * USD, Scope.USER, "month of each", DECEMBER) == tuple(standing.monthly)
    assert (Decimal("20.00"), Decimal("2.50")) == (standing.daily.percent_used, standing.monthly.percent_used)


def test_of_several_limits_the_one_is_told_of_which_the_largest_part_is_gone(acme, spend):
    spend(acme, USD, user="u1")
    make(name="wide", limit=100)
    make(name="tight", limit=2, organization=acme)
    make(name="his own", limit=50, organization=acme, subject="u1")
    make(name="somebody else's", limit=1, organization=acme, subject="u2")
    make(name="tokens", limit=1, unit="tokens")
    assert "tight" == standing_of("u1", acme.pk, NOW).daily.budget


def test_a_limit_of_which_nothing_was_used_is_told_too(acme):
    make(name="wide", limit=100)
    make(name="tight", limit=2, currency="EUR")
    standing = standing_of("new", acme.pk, NOW)
    assert (0, "tight", Decimal(0)) == (standing.daily.spend, standing.daily.budget, standing.daily.percent_used)
    assert 2 * USD < standing.daily.limit < 3 * USD


def test_without_a_monthly_limit_of_his_own_a_users_share_of_everybodys_is_told(acme, other, spend):
    spend(acme, 30 * USD, user="u1")
    spend(other, 70 * USD, user="u1")
    make(name="everybody", scope="system", period="month", limit=1000)
    standing = standing_of("u1", acme.pk, NOW)
    assert (30 * USD, 1000 * USD, Scope.SYSTEM, Decimal(3)) == (
        standing.monthly.spend,
        standing.monthly.limit,
        standing.monthly.scope,
        standing.monthly.percent_used,
    )


@pytest.mark.parametrize("scope", ["user", "organization", "system"])
def test_a_budget_that_has_nothing_left_blocks(acme, spend, scope):
    spend(acme, 4 * USD, user="u1")
    make(name="spent", scope=scope)
    assert [] == standing_of("u1", acme.pk, NOW).exhausted
    Window.objects.update(leased=USD)
    assert [("spent", Scope(scope), Period.DAY, TOMORROW)] == standing_of("u1", acme.pk, NOW).exhausted


def test_a_shadow_a_retired_budget_and_another_organizations_block_nobody(acme, other, spend):
    spend(acme, 6 * USD, user="u1")
    spend(other, 6 * USD, user="u1")
    make(name="shadow", shadow=True)
    retire(make(name="retired"))
    make(name="the other's", scope="organization", organization=other)
    make(name="the other's users", organization=other)
    standing = standing_of("u1", acme.pk, NOW)
    assert ([], None) == (standing.exhausted, standing.daily.limit)


def test_of_a_limit_of_nothing_everything_is_gone(acme, spend):
    spend(acme, 0, user="u1")
    make(limit=0)
    standing = standing_of("u1", acme.pk, NOW)
    assert (Decimal(100), 1) == (standing.daily.percent_used, len(standing.exhausted))


def test_budgets_that_bound_a_user_are_the_installations_and_his_organizations(acme, other):
    from headgate.control.budgets.models import Budget

    mine = {
        make(name=name, **fields).pk
        for name, fields in {
            "each": {},
            "each of acme": {"organization": acme},
            "his": {"organization": acme, "subject": "u1"},
        }.items()
    }
    make(name="another's", organization=acme, subject="u2")
    make(name="each of other", organization=other)
    make(name="teams", scope="team")
    assert mine == set(Budget.objects.filter(bounding("u1", acme.pk)).values_list("pk", flat=True))
