import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db


def read(client: Any, query: str = "") -> Any:
    answer = client.get(f"/costs?{query}")
    assert 200 == answer.status_code, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def test_costs_are_told_by_model_unless_asked_otherwise(asked, admin):
    told = read(admin, "source=AI")
    assert ("AI", "USD", ["model"], None) == (told["source"], told["currency"], told["groupBy"], told["nextOffset"])
    assert Decimal("0.000054103") == told["total"]["costUsd"]
    assert [("gpt", Decimal("0.000050103"), 4, 3), ("opus", Decimal("0.000004"), 1, 1)] == [
        (item["values"]["model"], item["costUsd"], item["requests"], item["attempts"]) for item in told["items"]
    ]


@pytest.mark.parametrize(
    ("cost", "query"),
    [
        (50_103, "teamId=t1"),
        (4_000, "teamId==t2&model=opus"),
        (4_000, "userId=u2&taskType=k2&provider=anthropic"),
        (0, "userId=u2&teamId=t1"),
        (54_103, "endpoint=/v1/messages"),
        (0, "projectId=p1"),
        (54_103, "projectId="),
        (0, "userId="),
        (54_103, f"keyId={'1' * 32}"),
        (103, "teamId=t1&days=1"),
    ],
)
def test_costs_are_those_with_the_values_that_are_asked_for(asked, admin, cost, query):
    told = read(admin, query)
    assert Decimal(cost).scaleb(-9) == told["total"]["costUsd"]
    assert told["total"]["costUsd"] == sum(item["costUsd"] for item in told["items"])


def test_costs_are_grouped_by_several_and_by_the_day(asked, admin):
    told = read(admin, "groupBy=day,userId&limit=2")
    today = timezone.now().date()
    assert 2 == told["nextOffset"]
    assert [{"userId": "u1"}, {"day": str(today), "userId": "u2"}] == [
        {"userId": told["items"][0]["values"]["userId"]},
        told["items"][1]["values"],
    ]
    rest = read(admin, "groupBy=day,userId&limit=2&offset=2")
    assert (None, 1) == (rest["nextOffset"], len(rest["items"]))


def test_a_span_may_be_named(asked, admin):
    today = timezone.now().date()
    assert Decimal("0.00005") == read(admin, f"until={today}&days=1")["total"]["costUsd"]
    assert Decimal("0.000004103") == read(admin, f"since={today}")["total"]["costUsd"]


def test_a_user_sees_his_own_costs(asked, member):
    assert Decimal("0.000050103") == read(member)["total"]["costUsd"]
    assert 0 == read(member, "userId=u2")["total"]["costUsd"]


def test_costs_are_a_file_for_spreadsheets(asked, admin):
    answer = admin.get("/costs?format=csv&groupBy=teamId,model")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert ["t1", "'=t2"] == [row["teamId"] for row in rows]
    assert {"source": "AI", "model": "gpt", "BilledCost": "0.000050103", "BillingCurrency": "USD"}.items() <= rows[
        0
    ].items()
    assert str(timezone.now().date()) < rows[0]["ChargePeriodEnd"]


def test_a_cost_without_a_price_is_counted_and_not_free(acme, admin):
    from headgate.control.ledger.operations import post, register_owner
    from headgate.domain.ids import OwnerId
    from headgate.ledger.postings import OwnerPosting, cost_event
    from tests.kit.books import sent, settled

    register_owner(OwnerId("o"), "node", "boot")
    event = cost_event(sent(organization_id=acme.pk, at=timezone.now().timestamp()), settled(cost=None))
    post(OwnerPosting(owner_id=OwnerId("o"), posted_from=0, posted_to=1, low_watermark=0, events=(event,)))
    assert (0, 1) == (read(admin)["total"]["costUsd"], read(admin)["total"]["unpricedAttempts"])


@pytest.mark.parametrize(
    ("param", "query"),
    [
        ("source", "source=HUMAN"),
        ("groupBy", "groupBy=amount"),
        ("groupBy", "groupBy=model,model"),
        ("groupBy", "groupBy=model,day,userId,teamId,appId"),
        ("since", "since=2026-01-02&until=2026-01-02"),
        ("since", "since=2020-01-01&until=2026-01-02"),
        ("since", "since=yesterday"),
        ("until", "until=0099-09-07"),
        ("since", "since=9999-12-31"),
        ("limit", "limit=1001"),
        ("offset", "offset=-1"),
        ("format", "format=xml"),
        ("teamId", "teamId=%00"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(asked, admin, param, query):
    answer = admin.get(f"/costs?{query}")
    assert (400, param) == (answer.status_code, answer.json()["error"]["param"])


def test_long_values_are_found(acme, admin):
    user = "u" * 300
    ask(acme, 1, at=timezone.now().timestamp(), cost=7, attribution=Attribution(user=user))
    told = read(admin, "groupBy=userId")
    assert 250 == len(told["items"][0]["values"]["userId"])
