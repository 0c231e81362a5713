import datetime as dt

import pytest

from headgate.control.requestlog.queries import Summary, cost_events_of, summary_since, visible_requests
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def test_a_sum_counts_what_its_reader_may_see(acme, other, acme_admin, superuser):
    post_request(acme, 1)
    post_request(other, 2, outcome="refused")
    assert Summary(1, 0, 1_234, 0, 22) == summary_since(NEW_YEAR, user=acme_admin)
    assert Summary(2, 1, 2_468, 0, 44) == summary_since(NEW_YEAR, user=superuser)


def test_nothing_sums_up_to_zero(superuser):
    assert Summary(0, 0, 0, 0, 0) == summary_since(NEW_YEAR, user=superuser)


def test_the_newest_request_is_first(acme, acme_admin):
    first, second = post_request(acme, 1, at=1e9), post_request(acme, 2, at=2e9)
    assert [second, first] == [row.pk for row in visible_requests(acme_admin)]


def test_a_request_knows_its_cost_events(acme):
    mine, _ = post_request(acme, 1), post_request(acme, 2)
    assert [f"{mine}:1"] == [event.pk for event in cost_events_of(mine)]
