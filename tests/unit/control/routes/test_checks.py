import pytest
from django.core.exceptions import ValidationError

from headgate.control.deployments.models import Deployment
from headgate.control.routes.checks import MOST_ARMS, check_route
from headgate.control.routes.models import Arm, Route

pytestmark = pytest.mark.django_db


def complaints(route: Route, *models: str) -> list[str]:
    """What is wrong with a route over these models; nothing when it may be saved."""
    try:
        check_route(route, [Arm(model=model) for model in models])
    except ValidationError as error:
        return list(error.messages)
    return []


def deploy(name: str, **fields: object) -> Deployment:
    return Deployment.objects.create(**{"name": name, "provider": "openai", **fields})


def test_arms_lead_to_deployments_of_the_organization_and_to_shared_ones(acme, other):
    deploy("own", organization=acme)
    deploy("shared")
    deploy("theirs", organization=other)
    route = Route(organization=acme, name="fast")
    assert [] == complaints(route, "own", "shared")
    (complaint,) = complaints(route, "own", "theirs")
    assert complaint.startswith("No deployment serves 'theirs' here.")
    assert 1 == len(complaints(Route(name="fast"), "own", "shared"))


def test_an_organization_without_shared_deployments_reaches_none_of_them(acme):
    acme.shared_deployments = False
    deploy("shared")
    assert 2 == len(complaints(Route(organization=acme, name="fast"), "shared", "gpt-4o"))


@pytest.mark.parametrize("model", ["gpt-4o", "openai/gpt-4o", "openrouter/meta-llama/llama-3", "claude-sonnet-4-5"])
def test_an_arm_may_name_a_model_that_the_environments_providers_serve(model: str, acme):
    assert [] == complaints(Route(organization=acme, name="fast"), model)


@pytest.mark.parametrize("model", ["gtp-4o", "opnai/gpt-4o", "openai/", "snowflake/claude"])
def test_an_arm_that_leads_nowhere_is_refused(model: str, acme):
    assert 1 == len(complaints(Route(organization=acme, name="fast"), model))


def test_an_open_deployment_of_the_organization_is_enough(acme):
    acme.shared_deployments = False
    route = Route(organization=acme, name="fast")
    assert 1 == len(complaints(route, "snowflake/claude"))
    deploy("*", provider="snowflake", organization=acme)
    assert [] == complaints(route, "snowflake/claude")


def test_arms_never_lead_through_another_route(acme):
    Route.objects.create(name="gpt-4o")
    (complaint,) = complaints(Route(organization=acme, name="fast"), "gpt-4o")
    assert "'gpt-4o' is a route, and arms lead to deployments only. Write what that route leads to." == complaint


def test_a_route_may_stand_before_the_model_that_it_is_called_after(acme):
    assert [] == complaints(Route(organization=acme, name="gpt-4o"), "gpt-4o", "claude-sonnet-4-5")


def test_a_route_may_not_take_the_name_that_another_ones_arm_leads_to(acme):
    Arm.objects.create(route=Route.objects.create(organization=acme, name="fast"), model="gpt-4o")
    (complaint,) = complaints(Route(organization=acme, name="gpt-4o"), "claude-sonnet-4-5")
    assert complaint.startswith("The route 'fast' has an arm of this name")
    assert [] == complaints(Route(name="gpt-4o"), "claude-sonnet-4-5")


def test_a_route_has_arms_not_too_many_and_each_has_a_name_of_its_own():
    assert ["Give at least one arm."] == complaints(Route(name="fast"))
    many = [f"gpt-{number}" for number in range(MOST_ARMS + 1)]
    assert ["Give at most 20 arms."] == complaints(Route(name="fast"), *many)
    (twice,) = complaints(Route(name="fast"), "gpt-4o", "gpt-4o")
    assert twice.startswith("2 arms are called 'gpt-4o'")


@pytest.mark.parametrize("name", ["", "a b", "gpt-*", "line\nbreak"])
def test_a_name_must_be_one_that_can_be_written_as_a_model(name: str):
    with pytest.raises(ValidationError) as caught:
        check_route(Route(name=name), [Arm(model="gpt-4o")])
    assert ["name"] == list(caught.value.message_dict)


def test_a_name_is_given_once_to_an_organization_and_once_to_all(acme, other):
    Route.objects.create(name="fast")
    Route.objects.create(organization=acme, name="fast")
    assert [] == complaints(Route(organization=other, name="fast"), "gpt-4o")
    assert ["There is a shared route of this name already."] == complaints(Route(name="fast"), "gpt-4o")
    own = complaints(Route(organization=acme, name="fast"), "gpt-4o")
    assert 1 == len(own)


@pytest.mark.parametrize(
    ("field", "value"), [("retries", 11), ("hedge_after_ms", 0), ("strategy", "best"), ("sticky_by", "moon")]
)
def test_figures_out_of_range_are_refused(field: str, value: object):
    with pytest.raises(ValidationError) as caught:
        check_route(Route(name="fast", **{field: value}), [Arm(model="gpt-4o")])
    assert [field] == list(caught.value.message_dict)


def test_a_weight_is_at_least_one():
    with pytest.raises(ValidationError):
        check_route(Route(name="fast"), [Arm(model="gpt-4o", weight=0)])
