import pytest

from headgate.routing.table import RouteTable
from headgate.snapshot.contract import Arm, Strategy
from tests.kit.routes import ACME, route, rule

ALL = [route("a", "a"), route("b", "b"), route("b", "b2", priority=-1), route("c", "c1"), route("c", "c2")]


def settled(name: str, *rules, routes=ALL):
    return RouteTable(routes, rules).find(name, organization_id=ACME, shared=True).settled


def test_a_name_that_leads_to_one_deployment_or_none_has_its_choice_ready():
    assert ["a"] == [target.deployment_id for target in settled("a").targets]
    assert () == settled("unknown").targets
    only = settled("fast", rule("fast", "a", strategy=Strategy.SPLIT, retries=3, hedge_after_ms=200))
    assert ("fast", "a", Strategy.SPLIT, 3, 200) == (
        only.route,
        only.arm,
        only.strategy,
        only.retries,
        only.hedge_after_ms,
    )


def test_what_always_comes_as_it_is_listed_has_its_choice_ready():
    assert ["b", "b2"] == [target.deployment_id for target in settled("b").targets]
    assert ["b", "b2", "a"] == [target.deployment_id for target in settled("fast", rule("fast", "b", "a")).targets]


@pytest.mark.parametrize("strategy", [Strategy.WEIGHTED, Strategy.LATENCY, Strategy.COST, Strategy.SPLIT])
def test_what_depends_on_the_request_has_none(strategy: Strategy):
    assert settled("fast", rule("fast", "a", "b", strategy=strategy)) is None


def test_deployments_of_one_priority_have_none_whatever_the_route_says():
    assert settled("c") is None
    assert settled("fast", rule("fast", "a", "c")) is None


def test_a_deployment_that_two_arms_lead_to_comes_once_where_it_comes_first():
    arms = (Arm(name="one", model="b"), Arm(name="two", model="a"), Arm(name="again", model="b"))
    choice = settled("fast", rule("fast", arms=arms))
    assert [("b", "one"), ("b2", "one"), ("a", "two")] == [(each.deployment_id, each.arm) for each in choice.targets]


def test_a_deployment_may_come_with_two_models():
    choice = settled("fast", rule("fast", "gpt-4o", "gpt-4.1"), routes=[route("*", "open")])
    assert [("open", "gpt-4o"), ("open", "gpt-4.1")] == [(each.deployment_id, each.model) for each in choice.targets]
