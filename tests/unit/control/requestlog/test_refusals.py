import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

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


def test_where_nobody_was_refused_one_query_is_enough(acme):
    ask(acme, 1, at=NOON - 60)
    with CaptureQueriesContext(connection) as queries:
        assert set() == refused_last(None, NOW)
    assert 1 == len(queries)
