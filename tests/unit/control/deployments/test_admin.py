import pytest
from django.conf import settings

from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot
from headgate.snapshot.credentials import decrypt_credential
from tests.unit.control.rows import make_credential

pytestmark = pytest.mark.django_db
DEPLOYMENTS = "/admin/deployments/deployment/"
CREDENTIALS = "/admin/deployments/providercredential/"
SECRET = "sk-upstream-of-the-form"


def published():
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).deployments


def test_a_credential_goes_in_and_never_comes_back_out(acme, acme_admin, signed_in):
    client = signed_in(acme_admin)
    given = {"organization": acme.pk, "name": "c", "provider": "openai", "secret": SECRET}
    assert 302 == client.post(f"{CREDENTIALS}add/", given).status_code
    credential = ProviderCredential.objects.get()
    assert SECRET == decrypt_credential(bytes(credential.encrypted), secret=settings.SECRET_KEY)
    for path in (CREDENTIALS, f"{CREDENTIALS}{credential.pk}/change/", f"{CREDENTIALS}{credential.pk}/history/"):
        page = client.get(path).content.decode()
        assert SECRET not in page
        assert bytes(credential.encrypted).decode() not in page


def test_an_empty_secret_keeps_the_stored_one(superuser, signed_in):
    credential = make_credential(None)
    given = {"name": "renamed", "provider": "openai", "secret": ""}
    assert 302 == signed_in(superuser).post(f"{CREDENTIALS}{credential.pk}/change/", given).status_code
    after = ProviderCredential.objects.get()
    assert ("renamed", bytes(credential.encrypted)) == (after.name, bytes(after.encrypted))


def test_saving_a_deployment_publishes_it_once(superuser, signed_in):
    credential = make_credential(None)
    before = Snapshot.objects.latest("revision").revision
    given = {
        "name": "gpt",
        "provider": "openai",
        "model": "gpt-5-mini",
        "base_url": "http://vllm:8000/v1",
        "credential": credential.pk,
        "priority": "7",
        "weight": "1",
        "enabled": "on",
    }
    assert 302 == signed_in(superuser).post(f"{DEPLOYMENTS}add/", given).status_code
    (only,) = published()
    assert ("gpt", "gpt-5-mini", "http://vllm:8000/v1", 7) == (only.name, only.model, only.base_url, only.priority)
    assert before + 1 == Snapshot.objects.latest("revision").revision


@pytest.mark.parametrize("bulk", [True, False])
def test_deleting_a_deployment_takes_it_back(bulk: bool, superuser, signed_in):
    row = Deployment.objects.create(name="gpt", provider="openai")
    client = signed_in(superuser)
    if bulk:
        client.post(DEPLOYMENTS, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    else:
        client.post(f"{DEPLOYMENTS}{row.pk}/delete/", {"post": "yes"})
    assert () == published()
    assert 0 == Deployment.objects.count()


def test_a_credential_in_use_is_not_deleted(superuser, signed_in):
    credential = make_credential(None)
    Deployment.objects.create(name="gpt", provider="openai", credential=credential)
    answer = signed_in(superuser).post(f"{CREDENTIALS}{credential.pk}/delete/", {"post": "yes"})
    assert 200 == answer.status_code
    assert 1 == ProviderCredential.objects.count()


def test_an_organization_may_not_spend_the_environments_credentials(acme, acme_admin, signed_in):
    given = {"organization": acme.pk, "name": "gpt", "provider": "openai", "priority": "0", "weight": "1"}
    answer = signed_in(acme_admin).post(f"{DEPLOYMENTS}add/", given)
    assert ["credential"] == list(answer.context["adminform"].form.errors)


@pytest.mark.parametrize(("queries", "path"), [(5, DEPLOYMENTS), (5, CREDENTIALS)])
def test_a_list_page_costs_a_fixed_number_of_queries(
    queries, path, acme, superuser, signed_in, django_assert_num_queries
):
    for number in range(20):
        Deployment.objects.create(name=str(number), provider="openai", organization=acme)
        ProviderCredential.objects.create(name=str(number), provider="openai", organization=acme, encrypted=b"x")
    client = signed_in(superuser)
    with django_assert_num_queries(queries):
        client.get(path)
