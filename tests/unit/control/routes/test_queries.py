import pytest

from headgate.control.routes.models import Arm, Route
from headgate.control.routes.queries import published_routes
from headgate.snapshot import contract

pytestmark = pytest.mark.django_db


def test_a_route_is_published_as_the_contract_says(acme):
    route = Route.objects.create(
        organization=acme, name="fast", strategy="split", sticky_by="key", retries=0, hedge_after_ms=250
    )
    Arm.objects.create(route=route, position=2, model="gpt-4o", weight=3)
    Arm.objects.create(route=route, position=1, name="new", model="claude-sonnet-4-5")
    expected = contract.RouteRule(
        id=route.pk,
        organization_id=acme.pk,
        name="fast",
        strategy=contract.Strategy.SPLIT,
        arms=(
            contract.Arm(name="new", model="claude-sonnet-4-5", weight=1),
            contract.Arm(name="gpt-4o", model="gpt-4o", weight=3),
        ),
        sticky_by="key",
        retries=0,
        hedge_after_ms=250,
    )
    assert (expected,) == published_routes()


def test_a_route_that_is_switched_off_is_not_published():
    Arm.objects.create(route=Route.objects.create(name="fast", enabled=False), model="gpt-4o")
    assert () == published_routes()


def test_many_routes_cost_no_more_queries_than_one(django_assert_num_queries):
    for number in range(3):
        Arm.objects.create(route=Route.objects.create(name=f"r{number}"), model="gpt-4o")
    with django_assert_num_queries(2):
        assert 3 == len(published_routes())


def test_the_words_of_the_columns_are_those_of_the_contract():
    assert {each.value for each in contract.Strategy} == {
        value for value, _ in Route._meta.get_field("strategy").choices
    }
