import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from headgate.control.requestlog import refusals
from headgate.control.requestlog.refusals import refused_last
from headgate.domain.principal import Attribution
from tests.kit.books import NOON
from tests.unit.control.api.people import ask

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromtimestamp(NOON, dt.UTC)
REFUSED = {"outcome": "refused", "error": "limit_exceeded"}


def test_the_newest_request_of_the_day_counts(acme, other):
    asked = [
        (acme, "refused", -60, REFUSED),
        (acme, "served again", -60, REFUSED),
        (acme, "served again", -30, {}),
        (acme, "by a policy", -60, {"outcome": "refused", "error": "policy"}),
        (acme, "yesterday", -86_400, REFUSED),
        (acme, None, -60, REFUSED),
        (other, "served again", -60, REFUSED),
    ]
    for number, (owner, user, ago, ended) in enumerate(asked):
        ask(owner, number, at=NOON + ago, attribution=Attribution(user=user), **ended)
    mine = {(acme.pk, "refused")}
    assert mine | {(other.pk, "served again")} == refused_last(None, NOW)
    assert mine == refused_last(frozenset({acme.pk}), NOW)


def test_where_nobody_was_refused_two_queries_are_enough(acme):
    ask(acme, 1, at=NOON - 60)
    with CaptureQueriesContext(connection) as queries:
        assert set() == refused_last(None, NOW)
    assert 2 == len(queries)


def test_of_very_many_requests_those_of_the_last_hours_are_looked_at(acme, monkeypatch):
    hours = {"this": 0, "last": 1, "before": 2}
    for number, (user, ago) in enumerate(hours.items()):
        ask(acme, number, at=NOON - ago * 3600, attribution=Attribution(user=user), **REFUSED)
    for most, expected in ((3, {"this", "last", "before"}), (2, {"this", "last"}), (1, {"this"}), (0, {"this"})):
        monkeypatch.setattr(refusals, "MOST_READ", most)
        assert expected == {user for _, user in refused_last(None, NOW)}
