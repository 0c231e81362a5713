from decimal import Decimal

import pytest

from headgate.control.budgets.defaults import synchronise
from headgate.control.budgets.environment import budget_defaults
from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import create_budget
from headgate.control.budgets.queries import live_budgets
from headgate.control.environment import SettingsError
from headgate.control.publication.models import Snapshot

pytestmark = pytest.mark.django_db


def start(**environ: str) -> list[tuple]:
    synchronise(budget_defaults(environ))
    rows = live_budgets().order_by("scope", "period")
    return list(rows.values_list("scope", "period", "time_zone", "limit", "limit_version"))


EVERYBODY = ("system", "month", "UTC", Decimal(1000), 1)
EACH_USER = ("user", "day", "UTC", Decimal(5), 1)


def test_the_first_start_makes_the_default_budgets_and_the_next_changes_nothing():
    assert [EVERYBODY, EACH_USER] == start()
    revision = Snapshot.objects.latest("revision").revision
    assert [EVERYBODY, EACH_USER] == start()
    assert revision == Snapshot.objects.latest("revision").revision


def test_a_changed_value_is_a_change_of_the_limit():
    start()
    ids = set(Budget.objects.values_list("pk", flat=True))
    assert [EVERYBODY, ("user", "day", "UTC", Decimal("7.5"), 2)] == start(AI_USER_DAILY_SPEND_LIMIT_USD="7.5")
    assert ids == set(Budget.objects.values_list("pk", flat=True))


def test_none_retires_and_a_value_makes_a_new_one():
    start()
    assert [EVERYBODY] == start(AI_USER_DAILY_SPEND_LIMIT_USD="none")
    assert [EVERYBODY, EACH_USER] == start()
    assert 3 == Budget.objects.count()


def test_a_month_per_user_is_made_when_asked_for():
    assert [EVERYBODY, EACH_USER, ("user", "month", "UTC", Decimal(0), 1)] == start(AI_USER_MONTHLY_SPEND_LIMIT_USD="0")


def test_budgets_made_by_hand_are_left_alone(acme):
    create_budget(name="mine", scope="user", period="day", limit=3)
    start(AI_USER_DAILY_SPEND_LIMIT_USD="none")
    assert {"mine", "Monthly spend of everybody"} == set(live_budgets().values_list("name", flat=True))


def test_a_new_soft_multiplier_moves_the_hard_limits_of_soft_budgets():
    soft = create_budget(name="soft", scope="system", period="total", limit=3, soft=True)
    start(AI_BUDGET_SOFT_LIMIT_MULTIPLIER="1.5")
    soft.refresh_from_db()
    assert (Decimal("1.5"), 2) == (soft.soft_multiplier, soft.limit_version)
    assert (3_000_000_000, 4_500_000_000) == soft.windows.values_list("limit_amount", "hard_limit").get()


def test_a_limit_that_cannot_be_kept_names_its_variable():
    with pytest.raises(SettingsError, match=r"^AI_MONTHLY_SPEND_LIMIT_USD: Too large"):
        start(AI_MONTHLY_SPEND_LIMIT_USD="1e30")


def test_without_tracking_there_must_be_no_budget():
    off = {"AI_COST_TRACKING_ENABLED": "false"}
    with pytest.raises(SettingsError, match="set AI_MONTHLY_SPEND_LIMIT_USD and AI_USER_DAILY_SPEND_LIMIT_USD to none"):
        start(**off)
    none = {"AI_MONTHLY_SPEND_LIMIT_USD": "none", "AI_USER_DAILY_SPEND_LIMIT_USD": "none"}
    assert [] == start(**off, **none)
    create_budget(name="mine", scope="user", period="day", limit=3)
    with pytest.raises(SettingsError, match=r"'mine'.*retire"):
        start(**off, **none)
