import pytest
from django.core.exceptions import ValidationError

from headgate.control.publication.models import Snapshot
from headgate.control.routes.models import Arm, Route
from headgate.control.routes.operations import delete_routes, save_route
from headgate.snapshot.contract import RouteRule, decode_snapshot

pytestmark = pytest.mark.django_db


def published() -> tuple[RouteRule, ...]:
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).routes


def test_a_route_is_written_with_its_arms_in_their_order_and_published_once():
    route = Route(name="fast")
    save_route(route, [Arm(model="gpt-4o"), Arm(model="claude-sonnet-4-5", name="claude")])
    first = Snapshot.objects.latest("revision").revision
    gpt, claude = route.arms.all()
    assert [(1, "gpt-4o"), (2, "claude-sonnet-4-5")] == [(gpt.position, gpt.model), (claude.position, claude.model)]
    save_route(route, [claude, Arm(model="gemini-2.5-flash"), gpt])
    (rule,) = published()
    assert ["claude", "gemini-2.5-flash", "gpt-4o"] == [arm.name for arm in rule.arms]
    assert first + 1 == Snapshot.objects.latest("revision").revision


def test_an_arm_that_is_left_out_goes():
    route = Route(name="fast")
    save_route(route, [Arm(model="gpt-4o"), Arm(model="claude-sonnet-4-5")])
    save_route(route, [route.arms.get(model="gpt-4o")])
    assert ["gpt-4o"] == [arm.model for arm in Arm.objects.all()]


def test_a_refused_route_changes_nothing():
    route = Route(name="fast")
    save_route(route, [Arm(model="gpt-4o")])
    route.name = "faster"
    with pytest.raises(ValidationError):
        save_route(route, [])
    assert (["fast"], 1) == ([rule.name for rule in published()], Arm.objects.count())


def test_a_deleted_route_is_taken_back():
    route = Route(name="fast")
    save_route(route, [Arm(model="gpt-4o")])
    delete_routes([route])
    assert ((), 0) == (published(), Arm.objects.count())
