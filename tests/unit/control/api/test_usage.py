import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from headgate.control.api import usage
from headgate.control.budgets.daily_limits import DailyLimit, set_daily_limits
from headgate.control.budgets.models import Source, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.currencies.operations import add_rate
from headgate.control.organizations.models import Membership
from headgate.domain.budget import BudgetUnit
from tests.unit.control.api.people import key_of, make_person, session_of

pytestmark = pytest.mark.django_db
USAGE = "/api/v1/ai/usage"
NANO = Decimal(10) ** 9


def read(client: Any, path: str = USAGE) -> Any:
    answer = client.get(path)
    assert 200 == answer.status_code, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def limit(organization, actor, *wanted: DailyLimit) -> None:
    set_daily_limits(organization, wanted, source=Source.ADMIN, actor=actor)


def pounds() -> None:
    add_rate("GBP", Decimal("1.25"), active_from=timezone.now().date(), source="test")


def test_without_budgets_the_day_is_told_from_the_books(asked, member):
    pounds()
    told = read(member)
    assert (asked.pk, "Acme") == (told["organization"], told["organization_name"])
    assert (Decimal(4103) / NANO, Decimal("0.000003282")) == (told["cost_usd"], told["cost_gbp"])
    assert (4, 1, 1) == (told["requests"], told["errors"], told["refused"])
    assert 0 < told["tokens_used"] == sum(hour["tokens"] for hour in told["hours"])
    assert {None} == {told[name] for name in ("tokens_limit", "cost_limit_usd", "cost_limit_gbp", "cost_percent_used")}
    assert ("ok", "ok", False, [], []) == (
        told["tokens_level"],
        told["cost_level"],
        told["over_limit"],
        told["warnings"],
        told["budgets"],
    )


def test_with_budgets_it_is_told_from_their_windows(asked, member, superuser):
    limit(asked, superuser, DailyLimit(BudgetUnit.TOKENS, Decimal(1_000)), DailyLimit(BudgetUnit.MONEY, Decimal(2)))
    Window.objects.filter(unit="tokens").update(spent=250, leased=30)
    Window.objects.filter(unit="money").update(spent=1_700_000_000, leased=100_000_000)
    told = read(member)
    assert (250, 30, 1_000, 2_000, 25) == tuple(
        told[f"tokens_{name}"] for name in ("used", "held", "limit", "hard_limit", "percent_used")
    )
    assert (Decimal("1.7"), Decimal("0.1"), 2, 4, 85) == tuple(
        told[f"cost_{name}"] for name in ("usd", "held_usd", "limit_usd", "hard_limit_usd", "percent_used")
    )
    assert ("ok", "warning", False) == (told["tokens_level"], told["cost_level"], told["over_limit"])
    assert ["Budget 'Daily cost' is nearly spent: 85 % are spent."] == [
        warning.split(" It resets")[0] for warning in told["warnings"]
    ]
    assert [("Daily tokens", "operator"), ("Daily cost", "operator")] == [
        (each["budget"], each["set_by"])
        for each in sorted(told["budgets"], key=lambda each: each["used"], reverse=True)
    ]
    assert told["tokens_resets_at"].endswith("T00:00:00Z")


def test_a_limit_in_pounds_is_told_as_it_was_set(asked, member, superuser):
    pounds()
    limit(asked, superuser, DailyLimit(BudgetUnit.MONEY, Decimal("9.99"), "GBP"))
    Window.objects.update(spent=1_250_000_000)
    told = read(member)
    assert (Decimal("9.99"), Decimal("12.4875"), 1, Decimal("1.25")) == (
        told["cost_limit_gbp"],
        told["cost_limit_usd"],
        told["cost_gbp"],
        told["cost_usd"],
    )


def test_without_a_rate_there_are_no_pounds(asked, member, superuser, monkeypatch):
    monkeypatch.setattr(usage, "rates_in_force", lambda _: {"USD": Decimal(1)})
    limit(asked, superuser, DailyLimit(BudgetUnit.MONEY, Decimal(1)))
    told = read(member)
    assert {None} == {told["cost_gbp"], told["cost_limit_gbp"], *(hour["cost_gbp"] for hour in told["hours"])}


def test_what_is_over_is_said(asked, member, superuser):
    limit(asked, superuser, DailyLimit(BudgetUnit.TOKENS, Decimal(0)))
    create_budget(name="all", scope="system", period="month", limit=0)
    told = read(member)
    assert (True, "exceeded") == (told["over_limit"], told["tokens_level"])
    assert ["Budget 'Daily tokens' is exceeded: 100 % are spent.", "Budget 'all' of the whole installation is"] == [
        warning.split(" It resets")[0].split(" exceeded.")[0] for warning in told["warnings"]
    ]


def test_a_shadow_warns_and_is_not_over(asked, member):
    create_budget(name="s", organization=asked, scope="organization", period="day", limit=0, shadow=True)
    told = read(member)
    assert (False, True, 1) == (told["over_limit"], "refuses nothing" in told["warnings"][0], len(told["warnings"]))


def test_amounts_are_hidden_where_nobody_wants_to_see_them_and_tokens_are_not(asked, member, superuser, costs_hidden):
    told = read(member)
    assert {None} == {told[name] for name in ("cost_usd", "cost_held_usd", "cost_limit_usd", "cost_percent_used")}
    assert told["tokens_used"] > 0


def test_who_sees_several_organizations_names_one(asked, other, superuser):
    person = make_person("u1", member_of=asked)
    Membership.objects.create(user=person, organization=other)
    for client in (session_of(person), session_of(superuser)):
        error = client.get(USAGE).json()["error"]
        assert ("ambiguous_organization", "organization") == (error["code"], error["param"])
        assert "Other" == read(client, f"{USAGE}?organization=Other")["organization_name"]


def test_the_operator_of_one_organization_need_not_name_it(asked, superuser):
    assert asked.pk == read(session_of(superuser))["organization"]


def test_a_person_of_no_organization_is_told_so(asked):
    answer = session_of(make_person("stranger")).get(USAGE)
    assert (403, "no_organization") == (answer.status_code, answer.json()["error"]["code"])


def test_a_key_reads_its_organizations_with_and_without_a_slash(asked):
    client = key_of(asked, defaults={"user": "u1"}, locked=["user"])
    assert read(client, USAGE)["cost_usd"] == read(client, f"{USAGE}/")["cost_usd"] == Decimal(4103) / NANO
