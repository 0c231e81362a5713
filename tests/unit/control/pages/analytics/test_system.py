import datetime as dt
import json

import pytest
from django.utils import timezone

from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of
from tests.unit.control.pages.analytics.test_dashboard import row, text_of

pytestmark = pytest.mark.django_db
PAGE = "/admin/ai-analytics/system/"


@pytest.fixture
def root():
    return session_of(make_person("root", is_staff=True, is_superuser=True))


@pytest.fixture
def asked(acme):
    """Eight requests today: one was slow, one failed, two were refused; one of yesterday."""
    now = timezone.now()
    mine = {"attribution": Attribution(user="u1"), "provider": "openai"}
    for number in range(4):
        ask(acme, number, at=now.timestamp(), latency_ms=100.0, **mine)
    ask(acme, 4, at=now.timestamp(), latency_ms=9_000.0, endpoint="/v1/embeddings", **mine)
    ask(acme, 5, at=now.timestamp(), outcome="fault", error="e", status=500, endpoint="/v1/embeddings", **mine)
    for number in (6, 7):
        ask(acme, number, at=now.timestamp(), outcome="refused", error="limit_exceeded", status=429, **mine)
    ask(acme, 8, at=(now - dt.timedelta(days=1)).timestamp(), latency_ms=100.0, **mine)
    return acme


def drawn(client, query: str = "") -> tuple[list[str], dict[str, list]]:
    """Labels and curves of the chart of usage."""
    value = json.loads(client.get(PAGE + query).context["usage"].value)
    return value["labels"], {each["label"]: each["data"] for each in value["datasets"]}


def test_it_says_how_well_and_how_fast(root, asked):
    page = text_of(root, f"{PAGE}?days=1")
    for text in ("62.50%", "5 of 8 requests, 2 refused", "12.50%", "1 of 8 requests"):
        assert text in page, text
    endpoint = row(page, "/v1/embeddings")
    assert ["/v1/embeddings", "2", "1", "50.00%"] == endpoint[:4]
    assert "1" == endpoint[-1], "slow"
    assert row(page, "openai")[1:3] == ["8", "1"]


def test_slow_requests_are_listed(root, asked):
    for page in (text_of(root, PAGE), text_of(root, "/admin/ai-analytics/requests/?slow=1&user=nobody")):
        assert "aigw_acme_4/change/" in page
        assert "aigw_acme_3/change/" not in page


def test_usage_is_drawn_per_hour_day_and_week(root, asked):
    today = timezone.now().astimezone(dt.UTC).date()
    labels, curves = drawn(root)
    assert ([f"{today - dt.timedelta(days=n):%Y-%m-%d}" for n in range(6, -1, -1)], 5, 2, 1) == (
        labels,
        curves["Answered"][-1],
        curves["Refused"][-1],
        curves["Errors"][-1],
    )
    assert 1 == curves["Answered"][-2]
    hours, per_hour = drawn(root, "?days=1")
    assert (f"{today:%m-%d} 00:00", 5) == (hours[0], sum(per_hour["Answered"]))
    weeks, per_week = drawn(root, "?days=30&interval=week")
    assert (6, True) == (sum(per_week["Answered"]), 5 <= len(weeks) <= 6)


def test_hours_are_not_offered_for_long(root, asked):
    answer = root.get(f"{PAGE}?days=90&interval=hour")
    assert ["Per day", "Per week"] == [each.title for each in answer.context["intervals"]]
    assert 90 == len(drawn(root, "?days=90&interval=hour")[0])
    assert "Latencies over time are drawn for at most 31 days." in answer.content.decode()


def test_before_anything_happened_there_are_pages_too(root, acme):
    page = text_of(root, PAGE)
    assert "Nothing was called in this time." in page
    assert "No request took more than 5 s." in page


def test_latencies_have_gaps_where_nothing_was_asked(root, asked):
    value = json.loads(root.get(PAGE).context["latencies"].value)
    assert ["p50", "p95", "p99"] == [each["label"] for each in value["datasets"]]
    assert value["datasets"][0]["data"][0] is None
    assert value["datasets"][2]["data"][-1] > 5
