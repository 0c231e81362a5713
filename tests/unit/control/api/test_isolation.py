"""No query crosses an organization: everybody is tried at every address, over two organizations with the same users.

A new address is a row of `ADDRESSES`, a new kind of caller one of `people.CALLERS`.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from headgate.control.api.app import api
from headgate.control.budgets.daily_limits import DailyLimit, set_daily_limits
from headgate.control.budgets.models import Adjustment, Budget, Source
from headgate.control.organizations.models import Organization
from headgate.domain.budget import BudgetUnit
from tests.unit.control.api.people import CALLERS, Caller, ask, make_person

pytestmark = pytest.mark.django_db
COSTS = {"Acme": {"u1": 100, "u2": 20}, "Other": {"u1": 7_000, "u2": 300}}
"""Nano-USD: no two sums of them are alike, so that a figure says whose rows are in it."""


class Address(NamedTuple):
    """An address, and what of a whole answer says whose rows are in it."""

    path: str
    sees: Callable[[Caller], list[int] | None]
    """Amounts that a caller may be shown, in ascending order; None: he is refused."""
    told: Callable[[Any], list[int]]
    """The amounts of an answer, in nano-USD."""


def everybodys(caller: Caller) -> list[int] | None:
    """One sum over everybody in all organizations whose rows he sees; refused when there are none."""
    return [sum(sum(COSTS[name].values()) for name in caller.everybody)] if caller.everybody else None


def widest(caller: Caller) -> list[int] | None:
    """One sum over all that a caller sees: everybody's rows, or his own."""
    return None if caller.refused else everybodys(caller) or [sum(COSTS[name]["u1"] for name in caller.own)]


def each_request(caller: Caller) -> list[int] | None:
    """Every request that a caller sees."""
    if caller.everybody:
        return sorted(cost for name in caller.everybody for cost in COSTS[name].values())
    return None if caller.refused else sorted(COSTS[name]["u1"] for name in caller.own)


def of_other(caller: Caller) -> list[int] | None:
    """What is asked about the other organization by its name."""
    return [sum(COSTS["Other"].values())] if "Other" in caller.everybody else None


def user_of_other(caller: Caller) -> list[int] | None:
    """What is asked about u1 of the other organization."""
    return [COSTS["Other"]["u1"]] if "Other" in caller.everybody | caller.own else None


def nano(amount: Any) -> int:
    """An amount of an answer."""
    return round(amount * 1_000_000_000)


def organizations_of(caller: Caller) -> list[int] | None:
    """The sum of the one organization of which he may see the sums: all its members and keys may."""
    if caller.refused or not (known := caller.everybody | caller.own):
        return None
    return [sum(COSTS[name].values()) for name in known] if len(known) == 1 else None


def sum_of_other(caller: Caller) -> list[int] | None:
    """The sum of the other organization, asked for by its name."""
    return [sum(COSTS["Other"].values())] if "Other" in caller.everybody | caller.own else None


def used(answer: Any) -> list[int]:
    return [nano(answer["cost_usd"])]


def total(answer: Any) -> list[int]:
    return [nano(answer["total_cost_usd"])]


def lines(answer: Any) -> list[int]:
    return [sum(nano(line["cost_usd"]) for line in answer["lines"])]


ANALYTICS = "/api/v1/ai/analytics"
ADDRESSES = [
    Address(f"{ANALYTICS}/system/", everybodys, total),
    Address(f"{ANALYTICS}/system/?organization=Other", of_other, total),
    Address(f"{ANALYTICS}/user/?user_id=u1&organization=Other", user_of_other, total),
    Address(f"{ANALYTICS}/breakdown/?by=user", everybodys, lines),
    Address(f"{ANALYTICS}/breakdown/?by=organization,team", everybodys, lines),
    Address(f"{ANALYTICS}/breakdown/?by=key&organization=Other", of_other, lines),
    Address(f"{ANALYTICS}/requests/", each_request, lambda a: sorted(nano(r["cost_usd"]) for r in a["requests"])),
    Address("/api/v1/ai/usage", organizations_of, used),
    Address("/api/v1/ai/usage/?organization=Other", sum_of_other, used),
    Address("/costs", widest, lambda answer: [nano(answer["total"]["costUsd"])]),
    Address("/costs?groupBy=userId,orgId", widest, lambda a: [sum(nano(i["costUsd"]) for i in a["items"])]),
    Address("/costs?teamId=t1&model=gpt", widest, lambda answer: [nano(answer["total"]["costUsd"])]),
]


@pytest.fixture
def organizations(acme: Organization, other: Organization) -> dict[str, Organization]:
    """Two organizations with the same two users, each of whom asked once."""
    now = timezone.now() - dt.timedelta(seconds=1)
    for organization in (acme, other):
        for number, (user, cost) in enumerate(COSTS[organization.name].items()):
            attribution = {"user": user, "team": "t1", "task": "k1"}
            ask(organization, number, at=now.timestamp(), cost=cost, attribution=_attribution(attribution))
    return {"Acme": acme, "Other": other}


def _attribution(fields: dict[str, str]) -> Any:
    from headgate.domain.principal import Attribution

    return Attribution(**fields)


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("address", ADDRESSES, ids=[address.path for address in ADDRESSES])
def test_everybody_sees_what_is_his(address: Address, who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    answer = caller.make(organizations["Acme"], organizations["Other"]).get(address.path)
    expected = address.sees(caller)
    if expected is None:
        assert answer.status_code in {400, 401, 403, 404}
        assert answer.json()["error"]["request_id"] == answer["x-request-id"]
    else:
        assert expected == address.told(answer.json())


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_his_own(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    answer = caller.make(organizations["Acme"], organizations["Other"]).get(f"{ANALYTICS}/user/")
    if caller.refused:
        assert answer.status_code in {401, 403}
    elif who.startswith("key") and not caller.own:
        assert "missing_field" == answer.json()["error"]["code"]
    else:
        assert sum(COSTS[name]["u1"] for name in caller.own) == nano(answer.json()["total_cost_usd"])


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_the_users_of_his_organizations(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name, costs in COSTS.items():
        answer = client.get(f"{ANALYTICS}/user/?user_id=u2&organization={name}")
        if name in caller.everybody:
            assert (costs["u2"], [organizations[name].pk]) == (
                nano(answer.json()["total_cost_usd"]),
                answer.json()["organizations"],
            )
        else:
            assert answer.status_code in {401, 403, 404}


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_the_requests_that_he_may(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name in COSTS:
        answer = client.get(f"{ANALYTICS}/requests/aigw_{name.lower()}_0/")
        assert (answer.status_code == 200) == (name in caller.everybody | caller.own)


@pytest.mark.parametrize("who", CALLERS)
def test_only_who_sees_everything_sees_how_langsmith_does(who: str, organizations: dict[str, Organization]):
    answer = CALLERS[who].make(organizations["Acme"], organizations["Other"]).get(f"{ANALYTICS}/langsmith/health/")
    assert (answer.status_code == 200) == (CALLERS[who].everybody == {"Acme", "Other"})


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_how_he_and_his_users_stand(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name in COSTS:
        for user in ("u1", "u2"):
            answer = client.get(f"{ANALYTICS}/user/spend-limit/?user_id={user}&organization={name}")
            may = name in caller.everybody or (name in caller.own and user == "u1")
            assert (answer.status_code == 200) == may
            if may:
                assert COSTS[name][user] == nano(answer.json()["daily_spend"])


@pytest.mark.parametrize("who", CALLERS)
def test_only_who_may_resets(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name in COSTS:
        answer = client.post(f"{ANALYTICS}/user/u1/reset/?organization={name}", content_type="application/json")
        assert (answer.status_code == 200) == (name in caller.resets)


USAGE = "/api/v1/ai"


@pytest.mark.parametrize("who", CALLERS)
def test_everybody_sees_the_limits_of_his_organizations(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name, limit in (("Acme", 5), ("Other", 7)):
        wanted = [DailyLimit(BudgetUnit.TOKENS, Decimal(limit))]
        set_daily_limits(organizations[name], wanted, source=Source.ADMIN, actor=make_person(f"clerk of {name}"))
        answer = client.get(f"{USAGE}/budget?organization={name}")
        assert (answer.status_code == 200) == (name in caller.everybody | caller.own)
        if answer.status_code == 200:
            assert [limit] == [each["limit"] for each in answer.json()["budgets"]]


@pytest.mark.parametrize("who", CALLERS)
def test_only_who_may_sets_limits(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    may = caller.resets if who in {"operator", "organization admin"} else frozenset()
    for name in COSTS:
        path = f"{USAGE}/budget?organization={name}"
        answer = client.post(path, {"daily_token_limit": 5}, content_type="application/json")
        assert (answer.status_code == 200) == (name in may)
        assert (name in may) == Budget.objects.filter(organization__name=name).exists()


@pytest.mark.parametrize("who", CALLERS)
def test_only_who_may_starts_a_day_anew(who: str, organizations: dict[str, Organization]):
    caller = CALLERS[who]
    client = caller.make(organizations["Acme"], organizations["Other"])
    for name, organization in organizations.items():
        wanted = [DailyLimit(BudgetUnit.TOKENS, Decimal(9))]
        set_daily_limits(organization, wanted, source=Source.ORGANIZATION, actor=make_person(f"clerk of {name}"))
        answer = client.post(f"{USAGE}/reset-daily?organization={name}", content_type="application/json")
        assert (answer.status_code == 200) == (name in caller.resets)
        assert (name in caller.resets) == Adjustment.objects.filter(organization=organization).exists()


def test_every_operation_is_tried():
    """An operation that nobody tries here fails: `paths` lists what the document has."""
    paths = {path for path, methods in api.get_openapi_schema()["paths"].items() for _ in methods}
    tried = {address.path.partition("?")[0] for address in ADDRESSES} | {
        f"{ANALYTICS}/user/",
        f"{ANALYTICS}/requests/{{request_id}}/",
        f"{ANALYTICS}/langsmith/health/",
        f"{ANALYTICS}/user/spend-limit/",
        f"{ANALYTICS}/user/{{user_id}}/reset/",
        f"{USAGE}/budget",
        f"{USAGE}/reset-daily",
    }
    assert paths == {path if path in paths else path.rstrip("/") for path in tried}
