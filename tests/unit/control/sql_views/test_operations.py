import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from headgate.control.budgets.daily_limits import DailyLimit, reset_daily, set_daily_limits
from headgate.control.budgets.models import Source, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.sql_views.definitions import VIEWS
from headgate.control.sql_views.operations import drop_views, make_views
from headgate.domain.budget import BudgetUnit
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db


def read(statement: str, *parameters: object) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def asked(acme, other):
    """Two requests of an organization, and one of another."""
    now = timezone.now()
    whom = {"attribution": Attribution(user="u1", team="t1", project="p1", app="a1", client="c1", task="k1")}
    ask(acme, 1, at=(now - dt.timedelta(minutes=2)).timestamp(), cost=1_500, **whom)
    ask(
        acme,
        2,
        at=(now - dt.timedelta(minutes=1)).timestamp(),
        cost=0,
        outcome="refused",
        status=429,
        error="x",
        **whom,
    )
    ask(other, 3, at=now.timestamp(), cost=7)
    return acme


def test_the_request_log_is_there_under_the_seeds_name(asked):
    rows = read(
        f"""SELECT * FROM "AiRequestLog" 
        WHERE "orgId" = '{asked.pk}' 
        ORDER BY "occurredAt" DESC 
        LIMIT 100;"""  # noqa: W291 - as seed 004 has it
    )
    assert [("aigw_acme_2", "blocked"), ("aigw_acme_1", "success")] == [(row["id"], row["status"]) for row in rows]
    row = rows[1]
    assert ("u1", "t1", "p1", "a1", "c1", "k1", "gpt", 1_500) == tuple(
        row[name] for name in ("userId", "teamId", "projectId", "appId", "clientId", "taskType", "model", "costNanoUsd")
    )
    assert row["inputTokens"] + row["outputTokens"] == row["totalTokens"]
    assert row["promptHash"]
    assert row["latencyMs"] > 0


def test_cost_events_are_there_under_the_seeds_name(asked):
    rows = read("""SELECT * FROM "CostEvent" WHERE source = 'AI'""")
    assert {(1_500, "Acme"), (7, "Other")} == {
        (row["costNanoUsd"], "Acme" if row["orgId"] == asked.pk else "Other") for row in rows
    }
    assert {"userId", "teamId", "projectId", "appId", "clientId", "model", "requestId", "costUsd"} <= rows[0].keys()
    exact = next(row["costUsd"] for row in rows if row["costNanoUsd"] == 1_500)
    assert Decimal("0.0000015") == Decimal(str(exact))


def test_the_gateways_log_is_there_under_the_seeds_name(asked):
    rows = read("SELECT * FROM ai_gateway_logs WHERE tenant_id = %s ORDER BY timestamp", asked.pk)
    assert [True, False] == [bool(row["success"]) for row in rows]
    assert ("aigw_acme_1", "u1", 1_500) == tuple(rows[0][name] for name in ("request_id", "user_id", "cost_nano_usd"))


def test_budgets_are_there_with_what_is_used_now(asked, other, superuser):
    limits = [DailyLimit(BudgetUnit.TOKENS, Decimal(500)), DailyLimit(BudgetUnit.MONEY, Decimal(2))]
    set_daily_limits(asked, limits, source=Source.ADMIN, actor=superuser)
    create_budget(name="month", organization=asked, scope="organization", period="month", limit=1)
    Window.objects.filter(unit="tokens").update(spent=120, leased=5)
    mine = {row["unit"]: row for row in read("SELECT * FROM ai_budgets WHERE org_id = %s", asked.pk)}
    assert {"tokens", "money"} == set(mine)
    assert (500, 120, 5) == tuple(mine["tokens"][name] for name in ("tokens_limit", "tokens_used", "held"))
    assert (2, Decimal("0.0000015")) == (mine["money"]["cost_limit_usd"], Decimal(str(mine["money"]["cost_usd"])))
    assert [] == read("SELECT * FROM ai_budgets WHERE org_id = %s", other.pk)
    reset_daily(asked, may=lambda _: True, reset_id="r", reason="why", actor=superuser)
    assert {0} == {row["tokens_used"] for row in read("SELECT * FROM ai_budgets WHERE unit = 'tokens'")}


def test_a_shared_budget_is_a_row_of_each_organization(asked, other, superuser):
    create_budget(name="each", scope="organization", period="day", unit="tokens", limit=9)
    reset_daily(asked, may=lambda _: True, reset_id="r", reason="why", actor=superuser)
    rows = read("SELECT * FROM ai_budgets")
    assert {(asked.pk, 9), (other.pk, 9)} == {(row["org_id"], row["tokens_limit"]) for row in rows}
    used = {row["org_id"]: row["tokens_used"] for row in rows}
    assert (0, True) == (used[asked.pk], used[other.pk] > 0)


def test_organizations_are_read_and_their_switch_is_named(acme):
    assert [(acme.pk, True)] == [
        (row["id"], bool(row["aiGatewayEnabled"])) for row in read('SELECT * FROM "Organization"')
    ]
    with pytest.raises(DatabaseError, match="headgate org enable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"""UPDATE "Organization" SET "aiGatewayEnabled" = true WHERE id = '{acme.pk}';""")
    acme.refresh_from_db()
    assert acme.enabled


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_deleted_through_a_view(asked, superuser, view: str):
    set_daily_limits(asked, [DailyLimit(BudgetUnit.TOKENS, Decimal(5))], source=Source.ADMIN, actor=superuser)
    with pytest.raises(DatabaseError, match="read-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{view}"')


def test_making_them_again_changes_nothing_and_they_come_back(asked):
    make_views()
    drop_views()
    make_views()
    assert 3 == len(read('SELECT * FROM "AiRequestLog"'))


def test_every_migration_leaves_them_there(asked):
    call_command("migrate", verbosity=0)
    assert 2 == len(read('SELECT * FROM "CostEvent"'))
