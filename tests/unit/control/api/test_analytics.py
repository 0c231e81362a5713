import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from headgate.control.api.analytics import dimensions_in
from headgate.domain.errors import BadRequest
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import make_person, session_of

pytestmark = pytest.mark.django_db


def read(client: Client, path: str, **headers: str) -> Any:
    """An answer with its numbers as decimals."""
    answer = client.get(path, headers=headers)
    assert 200 == answer.status_code, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def test_a_user_sees_his_own_totals(asked, member):
    told = read(member, f"{ANALYTICS}/user/?days=1")
    assert ("u1", [asked.pk], 1) == (told["user_id"], told["organizations"], told["days"])
    assert (Decimal("0.000000103"), 3, 44) == (told["total_cost_usd"], told["total_requests"], told["total_tokens"])
    assert (1, 1, Decimal("0.333333"), Decimal("0.333333")) == (
        told["errors"],
        told["refused"],
        told["error_rate"],
        told["success_rate"],
    )
    assert (5_000, 1) == (told["avg_latency_ms"], told["slow_requests"])
    assert 800 < told["p50_latency_ms"] <= 1_000
    assert 8_000 < told["p99_latency_ms"] <= 10_000
    assert Decimal("0.000000052") == told["avg_cost_usd"]


def test_a_span_is_of_today_and_the_days_before(asked, member):
    assert [Decimal("0.000000103"), Decimal("0.000050103")] == [
        read(member, f"{ANALYTICS}/user/?days={days}")["total_cost_usd"] for days in (1, 30)
    ]


def test_the_system_is_told_by_everything(asked, admin):
    told = read(admin, f"{ANALYTICS}/system/")
    assert (7, 5, Decimal("0.000054103")) == (told["days"], told["total_requests"], told["total_cost_usd"])
    names = {name: [line["name"] for line in told[f"by_{name}"]] for name in ("model", "provider", "task", "endpoint")}
    assert {
        "model": ["gpt", "opus"],
        "provider": ["openai", "anthropic"],
        "task": ["k1", "k2"],
        "endpoint": ["/v1/messages"],
    } == names
    assert [("u1", Decimal("0.000050103")), ("u2", Decimal("0.000004"))] == [
        (line["user_id"], line["cost_usd"]) for line in told["by_user"]
    ]
    assert [asked.pk] == [line["name"] for line in told["by_organization"]]
    assert 7 == len(told["series"])


@pytest.mark.parametrize(("interval", "days", "least"), [("hour", 1, 1), ("day", 7, 7), ("week", 14, 2)])
def test_a_series_adds_up_to_the_total(asked, member, interval, days, least):
    told = read(member, f"{ANALYTICS}/user/?days={days}&interval={interval}")
    assert interval == told["interval"]
    assert least <= len(told["series"])
    assert told["total_cost_usd"] == sum(point["cost_usd"] for point in told["series"])


@pytest.mark.parametrize(
    ("param", "query"),
    [
        ("days", "days=0"),
        ("days", "days=367"),
        ("days", "days=many"),
        ("interval", "interval=hour&days=8"),
        ("interval", "interval=year"),
        ("user_id", "user_id="),
        ("user_id", "user_id=a%00b"),
        ("user_id", f"user_id={'a' * 251}"),
        ("organization", "organization=a%00b"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_by_its_name(asked, admin, param, query):
    answer = admin.get(f"{ANALYTICS}/user/?{query}")
    assert (400, "invalid_value", param) == (
        answer.status_code,
        answer.json()["error"]["code"],
        answer.json()["error"]["param"],
    )


def test_an_administrator_names_a_user(asked, admin):
    assert Decimal("0.000004") == read(admin, f"{ANALYTICS}/user/?user_id=u2")["total_cost_usd"]


def test_whoever_sees_several_organizations_is_told_when_a_user_is_in_several(asked, other, superuser):
    operator = session_of(superuser)
    assert [asked.pk] == read(operator, f"{ANALYTICS}/user/?user_id=u2")["organizations"]
    assert "user_not_found" == operator.get(f"{ANALYTICS}/user/?user_id=nobody").json()["error"]["code"]
    assert 0 == read(operator, f"{ANALYTICS}/user/?user_id=nobody&organization=Acme")["total_requests"]
    answer = operator.get(f"{ANALYTICS}/user/?user_id=u2&organization=Nowhere")
    assert (404, "organization_not_found") == (answer.status_code, answer.json()["error"]["code"])


def test_a_breakdown_is_a_table_with_pages(asked, admin):
    told = read(admin, f"{ANALYTICS}/breakdown/?by=user,model&limit=1")
    assert (["user", "model"], 1) == (told["by"], told["next_offset"])
    assert [{"user": "u1", "model": "gpt"}] == [line["values"] for line in told["lines"]]
    told = read(admin, f"{ANALYTICS}/breakdown/?by=user,model&limit=1&offset=1")
    assert (None, [{"user": "u2", "model": "opus"}]) == (
        told["next_offset"],
        [line["values"] for line in told["lines"]],
    )


@pytest.mark.parametrize("order", ["cost", "requests", "tokens", "errors"])
def test_a_breakdown_is_ordered_as_asked(asked, admin, order):
    names = [line["values"]["user"] for line in read(admin, f"{ANALYTICS}/breakdown/?by=user&order={order}")["lines"]]
    assert ["u1", "u2"] == names


def test_percentiles_are_told_where_they_are_kept(asked, admin):
    by_model = read(admin, f"{ANALYTICS}/breakdown/?by=model,provider")["lines"]
    by_team = read(admin, f"{ANALYTICS}/breakdown/?by=team")["lines"]
    assert None not in {line["p95_latency_ms"] for line in by_model}
    assert {None} == {line["p95_latency_ms"] for line in by_team}


@pytest.mark.parametrize(
    ("query", "accept"), [("&format=csv", "*/*"), ("", "text/csv"), ("&format=csv", "application/json")]
)
def test_a_table_is_csv_when_that_is_wanted(asked, admin, query, accept):
    answer = admin.get(f"{ANALYTICS}/breakdown/?by=team{query}", headers={"accept": accept})
    assert ("text/csv; charset=utf-8", 'attachment; filename="by-team.csv"') == (
        answer["content-type"],
        answer["content-disposition"],
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    # What a spreadsheet would compute is text.
    assert [("t1", "0.000050103"), ("'=t2", "0.000004")] == [(row["team"], row["cost_usd"]) for row in rows]


def test_json_is_what_it_is_otherwise(asked, admin):
    for accept in ("*/*", "application/json", "text/html,application/xhtml+xml"):
        assert read(admin, f"{ANALYTICS}/breakdown/", accept=accept)["lines"]


@pytest.mark.parametrize("by", ["", "nothing", "user,user", "user,team,app,model", "amount_nano"])
def test_dimensions_that_there_are_not_are_refused(by):
    with pytest.raises(BadRequest, match="give one to 3"):
        dimensions_in(by)


def test_amounts_are_hidden_where_nobody_wants_to_see_them(asked, admin, costs_hidden):
    told = read(admin, f"{ANALYTICS}/system/")
    assert (None, None, 5) == (told["total_cost_usd"], told["by_model"][0]["cost_usd"], told["total_requests"])


def test_a_person_of_no_organization_has_no_requests(asked):
    told = read(session_of(make_person("u1")), f"{ANALYTICS}/user/")
    assert (0, []) == (told["total_requests"], told["organizations"])
