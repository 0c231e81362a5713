import pytest

from headgate.control.deployments.models import Deployment
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
REQUESTS = "/admin/requestlog/requestlog/"


@pytest.fixture
def client(superuser, signed_in):
    return signed_in(superuser)


def found(client, path: str) -> set[str]:
    answer = client.get(path)
    assert 200 == answer.status_code
    return {row.pk for row in answer.context["cl"].result_list}


def test_requests_are_filtered_by_provider_model_organization_outcome_and_time(acme, other, client):
    first = post_request(acme, 1, provider="openai", original_model="gpt", outcome="rejected")
    second = post_request(other, 2)
    assert {first, second} == found(client, REQUESTS)
    for query in (
        "provider=openai",
        "model=gpt",
        f"organization={acme.pk}",
        "outcome__exact=rejected",
        "provider=openai&model=gpt",
    ):
        assert {first} == found(client, f"{REQUESTS}?{query}")
    assert set() == found(client, f"{REQUESTS}?provider=openai&model=claude")
    at = "occurred_at_from_0=2026-01-01&occurred_at_from_1=11%3A00%3A00"
    assert {first, second} == found(client, f"{REQUESTS}?{at}")
    assert set() == found(client, f"{REQUESTS}?{at.replace('2026', '2027')}")
    assert {first, second} == found(client, f"{REQUESTS}?occurred_at_to_0=2026-01-01")
    assert set() == found(client, f"{REQUESTS}?occurred_at_to_0=2025-12-31")
    assert {first, second} == found(client, f"{REQUESTS}?occurred_at_to_0=yesterday&occurred_at_to_1=noon")


def test_a_request_is_found_by_its_id(acme, client):
    post_request(acme, 1)
    second = post_request(acme, 2)
    assert {second} == found(client, f"{REQUESTS}?q={second}")


def test_what_there_is_to_choose_from_is_what_occurs(acme, client):
    post_request(acme, 1, provider="openai", original_model=None)
    content = client.get(REQUESTS).content.decode()
    assert '<option value="openai">' in content
    assert '<option value="mistral">' not in content


def test_deployments_are_filtered_by_organization(acme, other, client):
    mine = Deployment.objects.create(name="a", provider="openai", organization=acme)
    Deployment.objects.create(name="b", provider="openai", organization=other)
    Deployment.objects.create(name="c", provider="openai")
    assert {mine.pk} == found(client, f"/admin/deployments/deployment/?organization={acme.pk}")
