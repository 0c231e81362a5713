import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.operations import change_conduct, change_limit, correct, create_budget, retire
from headgate.control.currencies.operations import add_rate
from headgate.control.keys.operations import create_key
from headgate.control.publication.models import PublishedKey, Snapshot
from headgate.domain.outcome import Outcome
from headgate.snapshot.contract import decode_key, decode_snapshot
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db
USD = 1_000_000_000
LATER_RATE = dt.date(2025, 6, 1)


def make(**fields) -> Budget:
    return create_budget(**{"name": "b", "scope": "system", "period": "month", "limit": 10, "now": NOW, **fields})


def published():
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).budgets


def window() -> Window:
    return Window.objects.get()


def hold(amount: int) -> None:
    """As a draw of the data plane would."""
    Window.objects.update(leased=amount)


def test_a_new_budget_is_published_with_its_calendar():
    budget = make(time_zone="Europe/Berlin")
    (one,) = published()
    assert (budget.pk, 10 * USD, 10 * USD, 1, "month:Europe/Berlin") == (
        one.id,
        one.limit,
        one.hard,
        one.limit_version,
        one.calendar,
    )
    snapshot = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload))
    assert ["month:Europe/Berlin"] == [calendar.id for calendar in snapshot.calendars]


def test_a_new_budget_starts_from_the_events_of_its_period(acme, other, spend):
    spend(acme, 3 * USD)
    spend(other, 4 * USD)
    spend(acme, 5 * USD, at=NOW - dt.timedelta(days=40))
    budget = make(limit=6)
    assert (f"{budget.pk}.0.2026-11", 7 * USD, 6 * USD, USD) == (
        window().pk,
        window().spent,
        window().hard_limit,
        window().excess,
    )


def test_users_of_two_organizations_with_the_same_name_are_two_users(acme, other, spend):
    spend(acme, 1, user="ada")
    spend(acme, 2, user="ada")
    spend(other, 5, user="ada")
    spend(acme, 7)
    budget = make(scope="user", period="day")
    assert {
        f"{budget.pk}.0.2026-11-20.{acme.pk}/ada": (acme.pk, "ada", 3),
        f"{budget.pk}.0.2026-11-20.{other.pk}/ada": (other.pk, "ada", 5),
    } == {row.pk: (row.organization_id, row.subject, row.spent) for row in Window.objects.all()}


def test_tokens_and_requests_are_counted_like_money(acme, spend):
    spend(acme, 1)
    spend(acme, 2, outcome=Outcome.ESTIMATED)
    spend(acme, 0, outcome=Outcome.REJECTED)
    make(unit="requests", limit=100)
    make(unit="tokens", limit=100)
    assert {"requests": 2, "tokens": 66} == {row.unit: row.spent for row in Window.objects.all()}


def test_a_key_s_budget_comes_with_its_key(acme, spend):
    key, _ = create_key(acme, "ci")
    spend(acme, 3, key_id=key.pk)
    spend(acme, 4)
    budget = make(scope="key", organization=acme, subject=key.pk)
    (one,) = decode_key(bytes(PublishedKey.objects.get().payload)).budgets
    assert (budget.pk, key.pk, (), 3) == (one.id, one.subject, published(), window().spent)
    retire(budget, now=NOW)
    assert () == decode_key(bytes(PublishedKey.objects.get().payload)).budgets


def test_a_limit_in_another_currency_is_bound_at_the_rate_of_the_day():
    make(currency="EUR", limit=Decimal("2.5"))
    assert (2_600_000_000, "1.04", "EUR") == (window().limit_amount, window().usd_rate, window().currency)
    add_rate("EUR", Decimal("1.2"), active_from=LATER_RATE, source="test")
    assert [(3 * USD, "1.2", 1)] == [(one.limit, one.usd_rate, one.limit_version) for one in published()]
    assert (2_600_000_000, "1.04") == (window().limit_amount, window().usd_rate)


def test_an_unknown_currency_lists_the_known_ones():
    with pytest.raises(ValidationError, match=r"known are .*EUR, GBP.* Add its exchange rate"):
        make(currency="ZZZ")
    assert 0 == Budget.objects.count() == Snapshot.objects.count()


@pytest.mark.parametrize("limit", [-1, "NaN", "Infinity", "1e30", "0.0000000001"])
def test_an_absurd_limit_creates_nothing(limit):
    with pytest.raises(ValidationError):
        make(limit=limit)
    assert (0, 0, 0) == (Budget.objects.count(), Window.objects.count(), Snapshot.objects.count())


def test_nothing_is_budgeted_while_costs_are_not_tracked(settings):
    from headgate.control.budgets.environment import budget_defaults

    settings.BUDGET_DEFAULTS = budget_defaults({"AI_COST_TRACKING_ENABLED": "false"})
    with pytest.raises(ValidationError, match="AI_COST_TRACKING_ENABLED"):
        make()


def test_a_soft_budget_has_a_hard_limit_above_its_limit():
    make(soft=True, limit=Decimal("1.5"))
    assert (1_500_000_000, 3 * USD) == (window().limit_amount, window().hard_limit)


def test_lowering_a_limit_below_what_is_spent_loses_nothing(acme, spend):
    spend(acme, 7 * USD)
    budget = make()
    hold(2 * USD)
    change_limit(budget, Decimal(5), now=NOW)
    row = window()
    assert (7 * USD, 2 * USD, 5 * USD, 4 * USD, 2, 1) == (
        row.spent,
        row.leased,
        row.limit_amount,
        row.excess,
        row.limit_version,
        row.recall_gen,
    )
    change_limit(budget, Decimal(20), now=NOW)
    assert (0, 20 * USD, 3) == (window().excess, window().hard_limit, window().limit_version)
    assert [(20 * USD, 3)] == [(one.limit, one.limit_version) for one in published()]


def test_a_changed_limit_keeps_the_rate_of_each_window_and_leaves_ended_ones_alone():
    budget = make(currency="EUR", limit=1, period="day")
    yesterday = Window.objects.get()
    add_rate("EUR", Decimal("1.2"), active_from=LATER_RATE, source="test")
    change_limit(budget, Decimal(2), now=NOW)
    assert (2_080_000_000, "1.04") == (window().limit_amount, window().usd_rate)
    change_limit(budget, Decimal(3), now=NOW + dt.timedelta(days=2))
    assert 2_080_000_000 == Window.objects.get(pk=yesterday.pk).limit_amount
    assert [3_600_000_000] == [one.limit for one in published()]


def test_a_refused_change_changes_nothing():
    budget = make()
    with pytest.raises(ValidationError):
        change_limit(budget, Decimal(-1), now=NOW)
    budget.refresh_from_db()
    assert (Decimal(10), 1, 10 * USD) == (budget.limit, budget.limit_version, window().limit_amount)


def test_the_name_of_a_budget_can_be_changed_but_not_what_it_counts():
    budget = make()
    change_conduct(budget, name="renamed", clamp=True)
    assert [("renamed", True, 1)] == [(one.name, one.clamp, one.limit_version) for one in published()]
    with pytest.raises(ValueError, match="unit"):
        change_conduct(budget, unit="tokens")


def test_a_retired_budget_is_a_tombstone():
    budget = make()
    retire(budget, now=NOW)
    retire(budget, now=NOW + dt.timedelta(days=1))
    budget.refresh_from_db()
    assert (NOW, (), 1) == (budget.retired_at, published(), window().recall_gen)
    with pytest.raises(ValidationError, match="retired"):
        change_limit(budget, Decimal(5))


def test_a_correction_is_an_entry_and_changes_what_is_spent_once(acme, spend):
    spend(acme, 7 * USD)
    make(limit=5)
    for _ in range(2):
        correct(window().pk, -3 * USD, correction_id="c1", reason="refunded", actor="root", now=NOW)
    assert (4 * USD, 0) == (window().spent, window().excess)
    assert [("c1", "correction", -3 * USD, "refunded", "root")] == list(
        Adjustment.objects.values_list("id", "kind", "amount", "reason", "actor")
    )
    correct(window().pk, 2 * USD, correction_id="c2", reason="missed", actor="root", now=NOW)
    assert (6 * USD, USD) == (window().spent, window().excess)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"amount": -8}, "At most 7"), ({"window": "nowhere"}, "no such window"), ({"reason": " "}, "Say why")],
)
def test_a_correction_that_cannot_be_is_refused(acme, spend, changes, says):
    spend(acme, 7)
    make()
    given = {"window": window().pk, "amount": -1, "reason": "because", **changes}
    with pytest.raises(ValidationError, match=says):
        correct(correction_id="c", actor="root", **given)
    assert (7, 0) == (window().spent, Adjustment.objects.count())


def test_the_database_itself_refuses_an_overdrawn_window():
    make()
    with pytest.raises(IntegrityError), transaction.atomic():
        Window.objects.update(leased=10 * USD + 1)
    assert 0 == window().leased


def test_a_limit_is_kept_exactly():
    for limit in ("123456.123456789", "0.000000001", "4611686018.42738", "0"):
        budget = make(limit=Decimal(limit))
        assert Decimal(limit) == Budget.objects.get(pk=budget.pk).limit
