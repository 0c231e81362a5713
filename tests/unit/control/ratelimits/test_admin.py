import pytest

from headgate.control.publication.models import Snapshot
from headgate.control.ratelimits.models import RateLimit
from headgate.snapshot.contract import decode_snapshot

pytestmark = pytest.mark.django_db
LIST = "/admin/ratelimits/ratelimit/"


def published() -> list[int | None]:
    limits = decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).rate_limits
    return [limit.requests_per_minute for limit in limits]


def given(**fields: object) -> dict[str, object]:
    return {"name": "L", "scope": "user", "requests_per_minute": "60", **fields}


def test_an_organization_admin_sets_a_limit_and_it_is_published_once(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    assert 302 == client.post(f"{LIST}add/", given(organization=acme.pk)).status_code
    limit = RateLimit.objects.get()
    before = Snapshot.objects.latest("revision").revision
    assert 302 == client.post(f"{LIST}{limit.pk}/change/", given(requests_per_minute="30")).status_code
    assert ([30], before + 1) == (published(), Snapshot.objects.latest("revision").revision)


def test_a_limit_cannot_move_to_another_organization(acme, other, superuser, signed_in):
    limit = RateLimit.objects.create(organization=acme, name="L", scope="user", requests_per_minute=1)
    answer = signed_in(superuser).post(f"{LIST}{limit.pk}/change/", given(organization=other.pk))
    limit.refresh_from_db()
    assert (302, acme.pk, 60) == (answer.status_code, limit.organization_id, limit.requests_per_minute)


def test_the_operators_limits_are_out_of_an_organizations_reach(acme, acme_admin, signed_in):
    limit = RateLimit.objects.create(name="L", scope="organization", subject=acme.pk, requests_per_minute=1)
    client = signed_in(acme_admin)
    assert limit.pk not in client.get(LIST).content.decode()
    assert client.post(f"{LIST}{limit.pk}/change/", given()).status_code in {302, 403}
    assert client.post(f"{LIST}{limit.pk}/delete/", {"post": "yes"}).status_code in {302, 403}
    limit.refresh_from_db()
    assert 1 == limit.requests_per_minute


@pytest.mark.parametrize("bulk", [True, False])
def test_a_deleted_limit_is_taken_back(bulk: bool, superuser, signed_in):
    client = signed_in(superuser)
    client.post(f"{LIST}add/", given())
    limit = RateLimit.objects.get()
    if bulk:
        client.post(LIST, {"action": "delete_selected", "_selected_action": [limit.pk], "post": "yes"})
    else:
        client.post(f"{LIST}{limit.pk}/delete/", {"post": "yes"})
    assert ([], 0) == (published(), RateLimit.objects.count())


def test_the_list_says_who_is_counted_and_how_much(acme, superuser, signed_in):
    RateLimit.objects.create(organization=acme, name="A", scope="user", subject="ann", requests_per_minute=1_500)
    RateLimit.objects.create(name="B", scope="deployment", tokens_per_minute=2_000_000, concurrency=7)
    page = signed_in(superuser).get(LIST).content.decode()
    for expected in ("user ann", "1,500", "each deployment", "every organization", "2,000,000", ">7<"):
        assert expected in page.replace("\n", "").replace("> ", ">").replace(" <", "<"), expected


def test_a_list_page_costs_a_fixed_number_of_queries(acme, superuser, signed_in, django_assert_num_queries):
    for number in range(20):
        RateLimit.objects.create(organization=acme, name=str(number), scope="user", requests_per_minute=1)
    client = signed_in(superuser)
    with django_assert_num_queries(5):
        client.get(LIST)
