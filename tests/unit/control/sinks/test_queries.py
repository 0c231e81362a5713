import pytest

from headgate.control.organizations.models import Organization
from headgate.control.requestlog.models import RequestLog
from headgate.control.sinks.models import Delivery
from headgate.control.sinks.queries import waiting
from headgate.domain.outcome import Outcome
from headgate.domain.trace import TraceContext
from tests.kit.deliveries import post_told

pytestmark = pytest.mark.django_db


def test_the_oldest_come_first_with_all_that_is_known_of_them():
    Organization.objects.create(id="0" * 32, name="Acme")
    post_told("b", context={"langsmith": "run", "baggage": "x=y"})
    failed = {"outcome": Outcome.REJECTED, "cost": 0, "usage": None}
    post_told("a", attempts=[({}, failed), ({}, {})])
    post_told("c")
    found, gone = waiting("langsmith", 2)
    assert (["b", "a"], []) == ([each.log.request_id for each in found], gone)
    assert [1, 2] == [event.attempt for event in found[1].events]
    assert ["b:1"] == [event.event_id for event in found[0].events]
    assert (TraceContext(langsmith="run", baggage="x=y"), None) == (found[0].trace, found[1].trace)
    assert ("Acme", "0" * 32, "1" * 32) == (found[0].organization, found[0].organization_id, found[0].key_id)


def test_what_is_refused_or_for_another_sink_is_passed_over():
    post_told("a")
    post_told("b")
    Delivery.objects.filter(request_id="a").update(refusal="no")
    Delivery.objects.filter(request_id="b").update(sink="other")
    assert ([], []) == waiting("langsmith", 10)


def test_a_request_that_is_gone_from_the_log_is_told_apart():
    post_told("a")
    post_told("b")
    RequestLog.objects.filter(pk="a").delete()
    found, gone = waiting("langsmith", 10)
    assert (["b"], [Delivery.objects.get(request_id="a").pk]) == ([each.log.request_id for each in found], gone)


def test_a_batch_costs_four_statements(django_assert_num_queries):
    for name in "abcdefgh":
        post_told(name)
    with django_assert_num_queries(4):
        waiting("langsmith", 10)
