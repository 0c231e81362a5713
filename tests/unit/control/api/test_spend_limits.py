import json
from decimal import Decimal
from typing import Any

import pytest

from headgate.control.budgets.models import Adjustment
from headgate.control.budgets.operations import create_budget
from headgate.control.organizations.models import Membership
from tests.unit.control.api.conftest import ANALYTICS
from tests.unit.control.api.people import make_person, session_of

pytestmark = pytest.mark.django_db
LIMIT = f"{ANALYTICS}/user/spend-limit/"


def read(client: Any, path: str = LIMIT) -> Any:
    answer = client.get(path)
    assert 200 == answer.status_code, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def make(**fields: Any) -> Any:
    return create_budget(**{"name": "b", "scope": "user", "period": "day", "limit": Decimal("0.000000206"), **fields})


def reset(client: Any, user: str = "u1", **how: Any) -> Any:
    return client.post(f"{ANALYTICS}/user/{user}/reset/", content_type="application/json", **how)


def test_a_user_sees_how_he_stands(asked, member):
    make(name="day")
    told = read(member)
    assert {"user_id": "u1", "organization": asked.pk, "blocked": False, "blocked_by": []}.items() <= told.items()
    assert (Decimal("0.000000103"), 0, Decimal("0.000000206"), 50) == (
        told["daily_spend"],
        told["daily_held"],
        told["daily_limit"],
        told["daily_percent_used"],
    )
    assert told["daily_resets_at"].endswith("T00:00:00Z")
    assert (None, None, None) == (told["monthly_limit"], told["monthly_limit_scope"], told["monthly_percent_used"])


def test_a_user_is_told_what_blocks_him(asked, member):
    make(name="spent", limit=Decimal("0.000000103"))
    told = read(member)
    assert (True, 100) == (told["blocked"], told["daily_percent_used"])
    assert [("spent", "user", "day")] == [(b["budget"], b["scope"], b["period"]) for b in told["blocked_by"]]


def test_a_share_of_everybodys_limit_is_called_so(asked, member):
    make(name="everybody", scope="system", period="month", limit=1)
    told = read(member)
    assert ("system", 1) == (told["monthly_limit_scope"], told["monthly_limit"])


def test_limits_of_a_user_of_several_organizations_are_asked_for_one_by_one(asked, other):
    person = make_person("u1", member_of=asked)
    Membership.objects.create(user=person, organization=other)
    client = session_of(person)
    assert "ambiguous_user" == client.get(LIMIT).json()["error"]["code"]
    assert 0 == read(client, f"{LIMIT}?organization=Other")["daily_spend"]


def test_a_person_of_no_organization_is_told_so(db):
    answer = session_of(make_person("u1")).get(LIMIT)
    assert (403, "no_organization") == (answer.status_code, answer.json()["error"]["code"])


def test_figures_are_hidden_where_nobody_wants_to_see_them(asked, member, costs_hidden):
    assert {None} == {read(member)[name] for name in ("daily_spend", "daily_limit", "daily_percent_used")}


def test_an_admin_resets_what_belongs_to_his_organization(asked, admin):
    make(name="the installation's", limit=1)
    make(name="own", organization=asked)
    told = reset(admin, data={"reason": "a new contract"}).json()
    assert [("own", "day", "money", 103)] == [
        (each["budget"], each["period"], each["unit"], round(each["spent"] * 10**9)) for each in told["reset"]
    ]
    assert [{"budget": "the installation's", "period": "day"}] == told["kept"]
    assert ("a new contract", "boss") == Adjustment.objects.values_list("reason", "actor").get()


def test_what_is_the_installations_alone_is_refused_with_its_name(asked, admin):
    make(name="the installation's", limit=1)
    answer = reset(admin)
    assert (403, True) == (
        answer.status_code,
        "'the installation's'" in answer.json()["error"]["message"].replace('"', "'"),
    )
    assert 0 == Adjustment.objects.count()


def test_the_operator_resets_all_and_need_not_say_why(asked, superuser):
    make(name="the installation's", limit=1)
    told = reset(session_of(superuser)).json()
    assert (["the installation's"], []) == ([each["budget"] for each in told["reset"]], told["kept"])
    assert "no reason was given" in Adjustment.objects.get().reason


def test_the_same_key_resets_once(asked, superuser):
    make(limit=1)
    client = session_of(superuser)
    answers = [reset(client, headers={"idempotency-key": "one"}).json()["reset"] for _ in range(2)]
    assert [1, 0] == [len(answer) for answer in answers]


@pytest.mark.parametrize("user", ["someone@example.com", "a/b", "ü 1"])
def test_users_are_called_as_callers_call_them(asked, superuser, user):
    answer = session_of(superuser).post(
        f"{ANALYTICS}/user/{user}/reset/?organization=Acme", content_type="application/json"
    )
    assert user == answer.json()["user_id"]


@pytest.mark.parametrize(
    ("code", "user", "body"),
    [
        ("invalid_value", "u1", {"reason": ""}),
        ("invalid_value", "u1", {"reason": 5}),
        ("invalid_json", "u1", "{"),
        ("invalid_value", "u%00", {"reason": "why"}),
        ("invalid_value", "u" * 251, {"reason": "why"}),
    ],
)
def test_a_reset_that_cannot_be_is_refused(asked, superuser, code, user, body):
    answer = reset(session_of(superuser), user, data=body)
    assert (400, code) == (answer.status_code, answer.json()["error"]["code"])
