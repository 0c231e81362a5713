import datetime as dt
from decimal import Decimal

import pytest

from headgate.control.budgets.models import Window
from headgate.control.budgets.operations import change_limit, create_budget
from headgate.control.budgets.resets import reset
from headgate.control.budgets.today import Level, exhausted_installation, fullest, standings
from headgate.control.partitions import make_room
from headgate.control.requestlog.models import RequestLog
from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.ids import OrganizationId
from headgate.ledger.windows import WindowSpec, WindowState
from headgate.pipeline.shortage import refusal
from headgate.pipeline.waiting import Short
from headgate.snapshot import contract
from tests.unit.control.budgets.conftest import NOW

pytestmark = pytest.mark.django_db


def make(organization, **fields):
    given = {"name": "b", "scope": "organization", "period": "day", "limit": Decimal("0.000001"), "now": NOW}
    return create_budget(**{**given, "organization": organization, **fields})


def one(organization):
    found, _ = standings(organization.pk, NOW)
    assert 1 == len(found)
    return found[0]


def test_a_budget_stands_as_its_window_does(acme, spend):
    spend(acme, 300)
    make(acme)
    Window.objects.update(leased=50)
    standing = one(acme)
    assert (300, 50, 1_000, 30, Level.OK) == (
        standing.spent,
        standing.held,
        standing.limit,
        standing.percent_used,
        standing.level,
    )
    assert dt.datetime(2026, 11, 21, tzinfo=dt.UTC) == standing.ends_at


@pytest.mark.parametrize(
    ("spent", "held", "level"),
    [(799, 0, Level.OK), (800, 0, Level.WARNING), (500, 300, Level.WARNING), (900, 100, Level.EXCEEDED)],
)
def test_what_is_held_counts_towards_the_level(acme, spent, held, level):
    make(acme)
    Window.objects.update(spent=spent, leased=held)
    assert level == one(acme).level


def test_of_a_limit_of_nothing_everything_is_used(acme):
    make(acme, limit=0)
    assert (100, Level.EXCEEDED) == (one(acme).percent_used, one(acme).level)


def test_a_shared_budget_that_nobody_has_used_stands_at_its_limit(acme):
    make(None, limit=7, unit="tokens", soft=True)
    assert (7, 14, 0, 0) == (one(acme).limit, one(acme).hard, one(acme).spent, one(acme).held)


def test_only_what_bounds_all_of_the_organization_is_told(acme, other, spend):
    spend(other, 900, user="u1")
    make(other, name="other's")
    make(None, name="shared")
    make(acme, scope="user", name="of users")
    create_budget(name="all", scope="system", period="day", limit=1, now=NOW)
    assert [("shared", 0)] == [(each.budget.name, each.spent) for each in standings(acme.pk, NOW)[0]]


def test_the_fullest_daily_budget_of_a_unit_decides(acme):
    make(acme, name="wide", limit=5)
    make(acme, name="tight", limit=1)
    make(acme, name="shadow", limit=0, shadow=True)
    make(acme, name="month", limit=0, period="month")
    make(acme, name="tokens", limit=0, unit="tokens")
    found, _ = standings(acme.pk, NOW)
    assert ("tight", "tokens", None) == (
        fullest(found, BudgetUnit.MONEY).budget.name,
        fullest(found, BudgetUnit.TOKENS).budget.name,
        fullest(found, BudgetUnit.REQUESTS),
    )
    Window.objects.filter(budget__name="wide").update(spent=4_999_999_999)
    assert "wide" == fullest(standings(acme.pk, NOW)[0], BudgetUnit.MONEY).budget.name


def test_everybodys_budgets_are_named_when_nothing_is_left(db):
    for name, limit, shadow in (("full", 0, False), ("shadow", 0, True), ("room", 1, False)):
        create_budget(name=name, scope="system", period="day", limit=limit, shadow=shadow, now=NOW)
    assert ["full"] == exhausted_installation(NOW)


def refused_by(budget, organization, *, limit, at=NOW, error="limit_exceeded"):
    """Log a request with the words in which the pipeline refuses it."""
    window = WindowSpec(
        id="w", budget_id=budget.pk, organization_id=OrganizationId(organization.pk), scope=Scope.ORGANIZATION,
        subject=organization.pk, label="2026-11-20", epoch=0, unit=BudgetUnit(budget.unit), starts_at=0,
        ends_at=int(at.timestamp()) + 60, limit=limit, hard=limit, limit_version=1, currency="USD", usd_rate="1",
    )  # fmt: skip
    short = Short(window, WindowState(limit, limit, limit, 0, False, 0), 5)
    published = contract.Budget(
        id=budget.pk, organization_id=None, name=budget.name, scope=Scope.ORGANIZATION, subject=None,
        period=Period.DAY, calendar="day:UTC", unit=BudgetUnit(budget.unit), limit=limit, hard=limit, limit_version=1,
        epoch=0, subject_epochs=(), currency="USD", usd_rate="1", clamp=False, top_up=False, policy=None, shadow=False,
    )  # fmt: skip
    message = refusal([short], {"w": published}, now=at.timestamp()).message
    make_room([at.timestamp()])
    RequestLog.objects.create(
        request_id=f"aigw_{at.timestamp()}_{organization.pk}", occurred_at=at, organization=organization, key_id="k",
        endpoint="chat", stream=False, outcome="refused", status=429, error=error, message=message, attempts=0,
        prompt_sha256="0" * 64, client_gone=False,
    )  # fmt: skip
    return message


@pytest.mark.parametrize(("unit", "limit"), [("tokens", 9), ("money", 1_500_000_000)])
def test_a_budget_that_refused_the_newest_request_is_exceeded(acme, other, unit, limit):
    budget = make(acme, name="d'or", unit=unit, limit=9 if unit == "tokens" else Decimal("1.5"))
    message = refused_by(budget, acme, limit=limit)
    found, refused = standings(acme.pk, NOW)
    assert (Level.EXCEEDED, message) == (found[0].level, refused.message)
    change_limit(budget, Decimal(20), now=NOW)
    assert (Level.OK, None) == (one(acme).level, standings(acme.pk, NOW)[1])


def test_a_refusal_is_over_with_a_reset_and_with_the_next_request(acme):
    budget = make(acme, unit="tokens", limit=9)
    refused_by(budget, acme, limit=9, at=NOW - dt.timedelta(seconds=9))
    assert Level.EXCEEDED == one(acme).level
    reset(budget, reset_id="r", reason="why", actor="a", now=NOW)
    assert Level.OK == one(acme).level
    refused_by(budget, acme, limit=9, error=None)
    assert Level.OK == one(acme).level
