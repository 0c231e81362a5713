from decimal import Decimal

import pytest
from django.utils import timezone

from headgate.control.policies import admin as pages
from headgate.control.policies.models import Policy
from headgate.control.policies.preview import Objections, Preview
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
LIST = "/admin/policies/policy/"


def published() -> list[str]:
    return [policy.name for policy in decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).policies]


def given(acme, **fields: object) -> dict[str, object]:
    return {"organization": acme.pk, "name": "Production", "enabled": "on", "time_zone": "UTC", **fields}


def test_an_organization_admin_writes_a_policy_and_it_is_published_once(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    assert 302 == client.post(f"{LIST}add/", given(acme, blocked_models="gpt-4\no1-*")).status_code
    policy = Policy.objects.get()
    assert ["gpt-4", "o1-*"] == policy.blocked_models
    before = Snapshot.objects.latest("revision").revision
    changed = given(acme, name="Renamed", blocked_models="gpt-4")
    assert 302 == client.post(f"{LIST}{policy.pk}/change/", changed).status_code
    assert ["Renamed"] == published()
    assert before + 1 == Snapshot.objects.latest("revision").revision


def test_a_policy_cannot_move_to_another_organization(acme, other, superuser, signed_in):
    policy = Policy.objects.create(organization=acme, name="Production")
    answer = signed_in(superuser).post(f"{LIST}{policy.pk}/change/", given(other, name="Moved"))
    policy.refresh_from_db()
    assert (302, acme.pk, "Moved") == (answer.status_code, policy.organization_id, policy.name)


@pytest.mark.parametrize("bulk", [True, False])
def test_a_deleted_policy_is_taken_back(bulk: bool, acme, superuser, signed_in):
    client = signed_in(superuser)
    client.post(f"{LIST}add/", given(acme))
    policy = Policy.objects.get()
    if bulk:
        data = {"action": "delete_selected", "_selected_action": [policy.pk], "post": "yes"}
        client.post(LIST, data)
    else:
        client.post(f"{LIST}{policy.pk}/delete/", {"post": "yes"})
    assert ([], 0) == (published(), Policy.objects.count())


def test_the_list_says_what_each_policy_does(acme, superuser, signed_in):
    Policy.objects.create(
        organization=acme,
        name="A",
        allowed_models=["gpt-*"],
        blocked_models=["gpt-4"],
        max_tokens_per_request=5000,
        max_cost_per_request_eur=Decimal("0.500000"),
        max_cost_per_day_eur=Decimal(100),
    )
    Policy.objects.create(organization=acme, name="B", shadow=True)
    Policy.objects.create(organization=acme, name="C", shadow=True, enabled=False)
    answer = signed_in(superuser).get(LIST)
    page, rows = answer.context["cl"].model_admin, answer.context["cl"].result_list
    assert ["enforced", "shadow", "off"] == [page.mode(row) for row in rows]
    assert ["gpt-*, not gpt-4", "all", "all"] == [page.models(row) for row in rows]
    assert ["5,000 tokens/request, 0.5 EUR/request, 100 EUR/day", "-", "-"] == [page.limits(row) for row in rows]


def test_the_page_says_what_the_policy_would_have_blocked(acme, acme_admin, signed_in):
    post_request(acme, at=timezone.now().timestamp() - 60, original_model="<gpt-4>")
    policy = Policy.objects.create(organization=acme, name="P", blocked_models=["*gpt-4*"])
    page = signed_in(acme_admin).get(f"{LIST}{policy.pk}/change/").content.decode()
    for text in ("What it would have blocked in the last 7 days", "1 of 1", "blockedModels", "&lt;gpt-4&gt;"):
        assert text in page
    assert "<gpt-4>" not in page


def test_a_new_policy_has_nothing_to_show_yet(acme, acme_admin, signed_in):
    answer = signed_in(acme_admin).get(f"{LIST}add/")
    assert (200, False) == (answer.status_code, "policy-preview" in answer.content.decode())


def test_another_organizations_traffic_is_not_shown(acme, other, acme_admin, signed_in):
    policy = Policy.objects.create(organization=other, name="P", blocked_models=["*"])
    answer = signed_in(acme_admin).get(f"{LIST}{policy.pk}/change/")
    assert 302 == answer.status_code


def test_a_long_preview_is_cut_and_says_so():
    many = [Objections("blockedModels", f"m{number}", 1, timezone.now()) for number in range(53)]
    table = pages.preview_table(Preview(100, 53, False, many))
    assert (3, 50) == (table["hidden"], len(table["table"]["rows"]))


def test_a_list_page_costs_the_same_queries_for_one_row_and_for_twenty(
    acme, superuser, signed_in, django_assert_num_queries
):
    client = signed_in(superuser)
    for count in (1, 19):
        for number in range(count):
            Policy.objects.create(organization=acme, name=f"{count}-{number}")
        with django_assert_num_queries(5):
            client.get(LIST)
