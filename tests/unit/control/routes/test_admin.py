import pytest
from django.utils import timezone

from headgate.control.deployments.models import Deployment
from headgate.control.publication.models import Snapshot
from headgate.control.routes.models import Arm, Route
from headgate.snapshot.contract import RouteRule, decode_snapshot
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
LIST = "/admin/routes/route/"


def published() -> tuple[RouteRule, ...]:
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).routes


def given(*arms: dict[str, object], initial: int = 0, **fields: object) -> dict[str, object]:
    """A form as a browser sends it."""
    form: dict[str, object] = {"name": "fast", "strategy": "weighted", "sticky_by": "user", "enabled": "on", **fields}
    form |= {"arms-TOTAL_FORMS": len(arms), "arms-INITIAL_FORMS": initial, "arms-MIN_NUM_FORMS": 1}
    form["arms-MAX_NUM_FORMS"] = 1000
    for index, arm in enumerate(arms):
        form |= {f"arms-{index}-{name}": value for name, value in {"weight": "1", "position": "", **arm}.items()}
    return form


def stored(arm: Arm, **changes: object) -> dict[str, object]:
    fields = {"id": arm.pk, "route": arm.route_id, "position": arm.position, "name": arm.name, "model": arm.model}
    return fields | {"weight": arm.weight} | changes


def test_an_organization_admin_makes_a_route_and_it_is_published_once(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    form = given(
        {"model": "gpt-4o", "weight": "9"}, {"model": "claude-sonnet-4-5", "name": "new"}, organization=acme.pk
    )
    assert 302 == client.post(f"{LIST}add/", form).status_code
    before = Snapshot.objects.latest("revision").revision
    (rule,) = published()
    assert (acme.pk, ["gpt-4o", "new"], [9, 1]) == (
        rule.organization_id,
        [arm.name for arm in rule.arms],
        [arm.weight for arm in rule.arms],
    )
    route = Route.objects.get()
    first, second = route.arms.all()
    form = given(stored(first, position=2), stored(second, position=1, weight=5), initial=2)
    assert 302 == client.post(f"{LIST}{route.pk}/change/", form).status_code
    (rule,) = published()
    assert ([("new", 5), ("gpt-4o", 9)], before + 1) == (
        [(arm.name, arm.weight) for arm in rule.arms],
        Snapshot.objects.latest("revision").revision,
    )


def test_arms_are_taken_away_and_new_ones_come_last(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    client.post(f"{LIST}add/", given({"model": "gpt-4o"}, {"model": "claude-sonnet-4-5"}, organization=acme.pk))
    route = Route.objects.get()
    first, second = route.arms.all()
    form = given(stored(first, DELETE="on"), stored(second), {"model": "o3", "route": route.pk}, initial=2)
    assert 302 == client.post(f"{LIST}{route.pk}/change/", form).status_code
    assert ["claude-sonnet-4-5", "o3"] == [arm.name for arm in published()[0].arms]
    history = client.get(f"{LIST}{route.pk}/history/").content.decode()
    assert "gpt-4o" in history


@pytest.mark.parametrize(
    ("arms", "complaint"),
    [
        ([{"model": "gtp-4o"}], "No deployment serves"),
        ([{"model": ""}], "This field is required."),
        ([{"model": "gpt-4o", "weight": "0"}], "greater than or equal to 1"),
        ([{"model": "gpt-4o"}, {"model": "gpt-4o"}], "2 arms are called"),
    ],
)
def test_what_leads_nowhere_is_refused_on_the_page(arms: list, complaint: str, acme, acme_admin, signed_in):
    answer = signed_in(acme_admin).post(f"{LIST}add/", given(*arms, organization=acme.pk))
    assert 200 == answer.status_code
    assert complaint in answer.content.decode()
    assert 0 == Route.objects.count()


def test_a_route_of_another_organizations_model_is_refused(acme, other, acme_admin, signed_in):
    Deployment.objects.create(organization=other, name="theirs", provider="openai")
    answer = signed_in(acme_admin).post(f"{LIST}add/", given({"model": "theirs"}, organization=acme.pk))
    assert "No deployment serves" in answer.content.decode()


def test_a_shared_route_is_seen_and_not_changed_by_an_organization(acme, acme_admin, signed_in):
    route = Route.objects.create(name="fast")
    arm = Arm.objects.create(route=route, model="gpt-4o")
    client = signed_in(acme_admin)
    page = client.get(f"{LIST}{route.pk}/change/")
    assert (200, False) == (page.status_code, page.context["has_change_permission"])
    assert "gpt-4o" in page.content.decode()
    form = given(stored(arm, model="o3"), initial=1)
    assert 403 == client.post(f"{LIST}{route.pk}/change/", form).status_code
    assert 403 == client.post(f"{LIST}{route.pk}/delete/", {"post": "yes"}).status_code
    assert "gpt-4o" == Arm.objects.get().model


@pytest.mark.parametrize("bulk", [True, False])
def test_a_deleted_route_is_taken_back(bulk: bool, superuser, signed_in):
    client = signed_in(superuser)
    client.post(f"{LIST}add/", given({"model": "gpt-4o"}))
    route = Route.objects.get()
    if bulk:
        client.post(LIST, {"action": "delete_selected", "_selected_action": [route.pk], "post": "yes"})
    else:
        client.post(f"{LIST}{route.pk}/delete/", {"post": "yes"})
    assert ((), 0) == (published(), Route.objects.count())


def test_the_list_costs_the_same_queries_for_one_route_and_for_twenty(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    for rows in (1, 19):
        for _ in range(rows):
            route = Route.objects.create(organization=acme, name=f"r{Route.objects.count()}", strategy="split")
            Arm.objects.create(route=route, model="gpt-4o", weight=3)
        with django_assert_num_queries(6):
            page = client.get(LIST).content.decode()
    assert "gpt-4o (3)" in page


def test_a_routes_page_says_how_its_arms_did(acme, acme_admin, signed_in):
    route = Route.objects.create(organization=acme, name="fast")
    Arm.objects.create(route=route, name="old", model="gpt-4o")
    now = timezone.now().timestamp()
    post_request(acme, 1, route="fast", arm="old", at=now - 60)
    post_request(acme, 2, route="fast", arm="old", at=now - 20 * 86_400)
    client = signed_in(acme_admin)
    week = client.get(f"{LIST}{route.pk}/change/")
    month = client.get(f"{LIST}{route.pk}/change/?days=30")
    assert [1, 2] == [page.context["report"]["requests"] for page in (week, month)]
    assert "How the arms did" in week.content.decode()
    assert 'href="?days=30#route-report"' in week.content.decode()


def test_a_routes_page_names_the_arms_that_nothing_serves_any_more(acme, acme_admin, signed_in):
    deployment = Deployment.objects.create(organization=acme, name="own", provider="openai")
    client = signed_in(acme_admin)
    client.post(f"{LIST}add/", given({"model": "own"}, {"model": "gpt-4o"}, organization=acme.pk))
    route = Route.objects.get()
    page = f"{LIST}{route.pk}/change/"
    assert "Passed over" not in client.get(page).content.decode()
    deployment.delete()
    assert "Passed over, for nothing serves them now: own." in client.get(page).content.decode()
