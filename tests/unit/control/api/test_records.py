import csv
import io
import json
from decimal import Decimal

import pytest

from tests.unit.control.api.conftest import ANALYTICS

pytestmark = pytest.mark.django_db
REQUESTS = f"{ANALYTICS}/requests/"


def test_a_cost_record_has_the_fields_that_callers_know(asked, member):
    told = json.loads(member.get(f"{REQUESTS}aigw_acme_1/").content, parse_float=Decimal)
    cost_record = {
        "cost_usd": Decimal("0.0000001"),
        "prompt_tokens": 15,
        "completion_tokens": 7,
        "total_tokens": 22,
        "daily_spend": Decimal("0.000000103"),
        "limit_exceeded": False,
    }
    assert cost_record.items() <= told.items()
    assert told["monthly_spend"] in {Decimal("0.000050103"), Decimal("0.000000103")}
    assert ("u1", "gpt", "openai", "ok") == (told["user_id"], told["model"], told["provider"], told["outcome"])


def test_records_come_newest_first_in_pages(asked, admin):
    first = admin.get(f"{REQUESTS}?limit=3").json()
    second = admin.get(REQUESTS, {"limit": 3, "before": first["next"]}).json()
    assert [4, 3, 2, 1, 5] == [int(r["request_id"][-1]) for r in first["requests"] + second["requests"]]
    assert second["next"] is None


def test_records_of_a_user_and_of_what_failed(asked, admin):
    assert ["aigw_acme_4"] == [r["request_id"] for r in admin.get(f"{REQUESTS}?user_id=u2").json()["requests"]]
    assert ["aigw_acme_3"] == [r["request_id"] for r in admin.get(f"{REQUESTS}?errors=true").json()["requests"]]


def test_a_refused_request_says_that_a_limit_was_exceeded(asked, member):
    told = member.get(f"{REQUESTS}aigw_acme_2/").json()
    assert (True, 429, "limit_exceeded") == (told["limit_exceeded"], told["status"], told["error"])


def test_records_are_a_file_for_spreadsheets(asked, admin):
    answer = admin.get(f"{REQUESTS}?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert (5, "0.000004") == (len(rows), rows[0]["cost_usd"])


@pytest.mark.parametrize(
    "before", ["x", "2026-01-01_a", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z_a%00b", "0001-01-01T00:00:00Z_a"]
)
def test_a_position_that_nobody_gave_is_refused(asked, admin, before):
    answer = admin.get(f"{REQUESTS}?before={before}")
    assert (400, "before") == (answer.status_code, answer.json()["error"]["param"])


@pytest.mark.parametrize("request_id", ["nothing", "aigw_acme_4", "a%00b"])
def test_a_request_that_may_not_be_seen_is_not_there(asked, member, request_id):
    answer = member.get(f"{REQUESTS}{request_id}/")
    assert (404, "request_not_found") == (answer.status_code, answer.json()["error"]["code"])
