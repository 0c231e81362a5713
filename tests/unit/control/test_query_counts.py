"""How many queries each address costs, whoever asks, however much there is: `query_counts.json` beside this file.

A new address is a row of `ADDRESSES`; what it costs is written by hand, out of the message of the failing test.
"""

import datetime as dt
import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Organization
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import CALLERS, ask

pytestmark = pytest.mark.django_db
PINNED: dict[str, dict[str, int]] = json.loads((Path(__file__).with_name("query_counts.json")).read_text())
WHO = ("user", "organization admin", "operator", "key")
"""Of `people.CALLERS`."""
ANALYTICS = "/api/v1/ai/analytics"
ADDRESSES = (
    f"{ANALYTICS}/user/?user_id=u1&organization=Acme",
    f"{ANALYTICS}/user/?user_id=u1&organization=Acme&interval=hour&days=7",
    f"{ANALYTICS}/user/spend-limit/?user_id=u1&organization=Acme",
    f"{ANALYTICS}/system/",
    f"{ANALYTICS}/system/?organization=Acme&interval=week&days=90",
    f"{ANALYTICS}/breakdown/?by=user,model",
    f"{ANALYTICS}/breakdown/?by=team&format=csv",
    f"{ANALYTICS}/requests/",
    f"{ANALYTICS}/requests/?user_id=u1&organization=Acme",
    f"{ANALYTICS}/requests/?errors=true",
    f"{ANALYTICS}/requests/aigw_acme_1/",
    f"{ANALYTICS}/langsmith/health/",
    "/api/v1/ai/usage?organization=Acme",
    "/api/v1/ai/budget?organization=Acme",
    "/costs?teamId=t1&groupBy=model,day",
    "/costs?format=csv",
    "/costs?format=html&groupBy=orgId,keyId,day",
    "/account/",
    "/admin/ai",
    "/admin/ai?keys=used",
    "/admin/ai-analytics/",
    "/admin/ai-analytics/?organization=Acme&days=30",
    "/admin/ai-analytics/system/?interval=week",
    "/admin/ai-analytics/requests/?slow=1",
    "/admin/ai-analytics/users/?status=warning&search=u",
    "/admin/ai-analytics/users/users.csv",
    "/admin/ai-analytics/users/reset/?user=u1&organization=Acme",
    "/admin/ai-analytics/requests/",
    "/admin/ai-analytics/requests/?errors=1",
    "/api/openapi.json",
    "/api/docs",
)


def fill(organization: Organization, *, users: int) -> None:
    """Requests of so many users on so many days."""
    now = timezone.now()
    for number in range(users):
        at = (now - dt.timedelta(days=number)).timestamp()
        whom = Attribution(user=f"u{number}", team=f"t{number}", task=f"k{number}")
        ask(organization, number, at=at, attribution=whom, original_model=f"m{number}")


@pytest.mark.parametrize("users", [2, 12])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_costs_the_queries_that_are_written_down(
    address: str, users: int, acme: Organization, other: Organization
):
    for organization in (acme, other):
        fill(organization, users=users)
    for period in ("day", "month"):
        create_budget(name=period, scope="user", period=period, limit=1)
        for unit in ("money", "tokens"):
            create_budget(name=unit, scope="organization", period=period, unit=unit, limit=users)
    found = {}
    for who in WHO:
        client = CALLERS[who].make(acme, other)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code == 200:
            found[who] = len(queries)
    assert PINNED.get(address) == found


def test_nothing_is_written_down_that_is_not_looked_at():
    assert set(ADDRESSES) == set(PINNED)
