import datetime as dt

import pytest

from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import langsmith_health
from headgate.control.sinks.models import Delivery
from headgate.control.sinks.operations import note
from tests.kit.deliveries import post_told

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
ON = LangSmithSettings(api_key="k", project="mine")


def test_without_a_key_it_is_off_and_says_why(settings):
    settings.LANGSMITH = LangSmithSettings(api_key=None)
    found = langsmith_health(NOON)
    assert (False, False, "LANGSMITH_API_KEY is not set.") == (found.connected, found.tracing, found.reason)


@pytest.mark.parametrize(
    ("connected", "error", "age_s"),
    [(True, None, 10), (True, None, 300), (False, None, 301), (False, "LangSmithAuthError: no", 10)],
)
def test_it_is_connected_when_it_answered_lately(settings, connected: bool, error: str | None, age_s: int):
    settings.LANGSMITH = ON
    note("langsmith", NOON - dt.timedelta(seconds=age_s), error)
    found = langsmith_health(NOON)
    assert (connected, True, "mine", error) == (found.connected, found.tracing, found.project, found.last_error)


def test_before_anybody_asked_it_is_not_connected(settings):
    settings.LANGSMITH = ON
    found = langsmith_health(NOON)
    assert (False, None, 0, 0.0) == (found.connected, found.tried_at, found.behind, found.behind_s)


def test_how_far_behind_it_is_and_what_it_refused(settings):
    settings.LANGSMITH = ON
    for name in "abc":
        post_told(name)
    Delivery.objects.filter(request_id="a").update(refusal="no")
    found = langsmith_health(NOON)
    assert (2, 1.0, 1) == (found.behind, found.behind_s, found.refused)


def test_where_it_shows_the_project_is_what_it_said_last(settings):
    settings.LANGSMITH = ON
    note("langsmith", NOON, None, "https://smith.example/o/1/projects/p/2")
    note("langsmith", NOON, "ConnectionError: away")
    assert "https://smith.example/o/1/projects/p/2" == langsmith_health(NOON).project_url
