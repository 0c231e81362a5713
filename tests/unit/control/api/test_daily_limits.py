import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from headgate.control.budgets.models import Adjustment, Budget, Window
from headgate.control.budgets.operations import create_budget
from headgate.control.currencies.operations import add_rate
from tests.unit.control.api.people import key_of, session_of

pytestmark = pytest.mark.django_db
BUDGET, RESET = "/api/v1/ai/budget", "/api/v1/ai/reset-daily"


def put(client: Any, *, path: str = BUDGET, **fields: Any) -> Any:
    return client.post(path, json.dumps(fields, default=str), content_type="application/json")


def told(answer: Any) -> Any:
    assert 200 == answer.status_code, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def reset(client: Any, path: str = RESET, **how: Any) -> Any:
    return client.post(path, content_type="application/json", **how)


@pytest.fixture(autouse=True)
def _pounds(db):
    add_rate("GBP", Decimal("1.25"), active_from=timezone.now().date(), source="test")


def test_the_operator_says_what_a_day_may_cost(asked, superuser):
    client = session_of(superuser)
    done = told(put(client, daily_token_limit=1_000, daily_cost_limit="2.5"))
    assert (["daily_token_limit", "daily_cost_limit"], 1_000, Decimal("2.5"), 2) == (
        sorted(done["changed"], reverse=True),
        done["daily_token_limit"],
        done["daily_cost_limit_usd"],
        done["daily_cost_limit_gbp"],
    )
    assert {("Daily tokens", "operator", True), ("Daily cost", "operator", True)} == {
        (each["budget"], each["set_by"], each["yours"]) for each in done["budgets"]
    }
    read = told(client.get(f"{BUDGET}/"))
    assert ({**done, "as_of": 0, "changed": 0}, True) == ({**read, "as_of": 0, "changed": 0}, read["may_set"])
    assert {"GBP", "USD"} <= set(read["currencies"])


@pytest.mark.parametrize("fields", [{"daily_cost_limit": 3, "currency": "GBP"}, {"daily_cost_limit_gbp": 3}])
def test_a_limit_may_be_in_pounds_and_the_same_again_is_nothing_new(asked, superuser, fields):
    client = session_of(superuser)
    assert ["daily_cost_limit"] == told(put(client, **fields))["changed"]
    done = told(put(client, path=f"{BUDGET}/", **fields))
    assert ([], 3, Decimal("3.75"), 1) == (
        done["changed"],
        done["daily_cost_limit_gbp"],
        done["daily_cost_limit_usd"],
        Budget.objects.count(),
    )
    assert ("GBP", 3) == (done["budgets"][0]["currency"], done["budgets"][0]["limit_in_currency"])


def test_what_is_not_named_stays_and_null_takes_away(asked, superuser):
    client = session_of(superuser)
    put(client, daily_token_limit=5, daily_cost_limit=1)
    assert 5 == told(put(client, daily_cost_limit=2))["daily_token_limit"]
    done = told(put(client, daily_token_limit=None))
    assert (["daily_token_limit"], None, 2) == (
        done["changed"],
        done["daily_token_limit"],
        done["daily_cost_limit_usd"],
    )


def test_an_organizations_admin_sets_and_resets_his_own_and_lifts_nothing(asked, admin, superuser):
    put(session_of(superuser), daily_token_limit=100)
    done = told(put(admin, daily_token_limit=1_000))
    assert (100, {"Daily tokens": False, "Own daily tokens": True}) == (
        done["daily_token_limit"],
        {each["budget"]: each["yours"] for each in done["budgets"]},
    )
    Window.objects.update(spent=60)
    answer = told(reset(admin))
    assert ["Own daily tokens"] == [each["budget"] for each in answer["reset"]]
    assert ["Daily tokens"] == [each["budget"] for each in answer["kept"]]
    put(admin, daily_token_limit=None)
    refused = reset(admin)
    assert (403, "admins_only") == (refused.status_code, refused.json()["error"]["code"])


def test_members_and_keys_read_and_write_nothing(asked, member):
    for client in (member, key_of(asked)):
        assert not told(client.get(BUDGET))["may_set"]
        for answer in (put(client, daily_token_limit=5), reset(client)):
            assert (403, "admins_only") == (answer.status_code, answer.json()["error"]["code"])
    assert 0 == Budget.objects.count()


def test_a_browser_shows_that_it_asks_by_itself(asked, superuser):
    answer = put(session_of(superuser, enforce_csrf=True), daily_token_limit=5)
    assert (403, "csrf_failed") == (answer.status_code, answer.json()["error"]["code"])


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"daily_token_limit": -1}, "daily_token_limit"),
        ({"daily_token_limit": 1.5}, "daily_token_limit"),
        ({"daily_token_limit": True}, "daily_token_limit"),
        ({"daily_token_limit": 10**30}, "daily_token_limit"),
        ({"daily_cost_limit": -0.01}, "daily_cost_limit"),
        ({"daily_cost_limit": "1e99"}, "daily_cost_limit"),
        ({"daily_cost_limit": "NaN"}, "daily_cost_limit"),
        ({"daily_cost_limit": "0.0000000001"}, "daily_cost_limit"),
        ({"daily_cost_limit": 1, "currency": "QQQ"}, "currency"),
        ({"daily_cost_limit": 1, "currency": "usd"}, "currency"),
        ({"daily_cost_limit_gbp": -1}, "daily_cost_limit_gbp"),
        ({"daily_cost_limit_gbp": 1, "daily_cost_limit": 1}, "daily_cost_limit_gbp"),
        ({"daily_limit": 1}, "daily_limit"),
        ({"daily_token_limit": 1, "soft": "perhaps"}, "soft"),
        ({}, "daily_token_limit"),
    ],
)
def test_nonsense_is_refused_by_its_field(asked, superuser, fields, param):
    answer = put(session_of(superuser), **{"daily_token_limit": 7, **fields} if len(fields) > 1 else fields)
    error = answer.json()["error"]
    assert (400, param) == (answer.status_code, error["param"])
    assert param in error["message"]
    assert 0 == Budget.objects.count()


def test_where_nothing_is_tracked_no_budget_is_made(asked, superuser, costs_hidden):
    answer = put(session_of(superuser), daily_token_limit=5)
    assert (400, True) == (answer.status_code, "AI_COST_TRACKING_ENABLED" in answer.json()["error"]["message"])


def test_a_day_starts_anew_with_a_reason_once_per_key(asked, superuser):
    client = session_of(superuser)
    put(client, daily_token_limit=1_000)
    used = Window.objects.get().spent
    assert used > 0
    first, second = (
        told(reset(client, data={"reason": "a test"}, headers={"idempotency-key": "one"})) for _ in range(2)
    )
    assert [("Daily tokens", "day", used, "tokens")] == [
        (each["budget"], each["period"], each["spent"], each["unit"]) for each in first["reset"]
    ]
    assert [] == second["reset"]
    assert [("a test", "root", -used)] == list(Adjustment.objects.values_list("reason", "actor", "amount"))
    assert 0 == told(client.get("/api/v1/ai/usage"))["tokens_used"]


def test_budgets_of_users_and_of_months_are_not_of_the_day(asked, superuser):
    create_budget(name="user", scope="user", period="day", limit=1)
    create_budget(name="month", organization=asked, scope="organization", period="month", limit=1)
    assert {"organization": asked.pk, "reset": [], "kept": []} == told(reset(session_of(superuser), f"{RESET}/"))


@pytest.mark.parametrize("body", [{"reason": ""}, {"reason": 5}, "{"])
def test_a_reset_that_cannot_be_is_refused(asked, superuser, body):
    assert 400 == reset(session_of(superuser), data=body).status_code
