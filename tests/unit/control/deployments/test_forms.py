import pytest

from headgate.control.deployments.forms import CredentialForm, DeploymentForm
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import save_credential

pytestmark = pytest.mark.django_db
DEPLOYMENT = {"name": "gpt", "provider": "openai", "priority": "0"}


def stored(**fields) -> ProviderCredential:
    made = ProviderCredential(**{"name": "c", "provider": "openai", **fields})
    save_credential(made, plain="sk-upstream-0123456789")
    return made


def test_the_secret_is_never_rendered():
    form = CredentialForm({"name": "c", "provider": "openai", "secret": "sk-visible"}, instance=stored())
    assert "sk-visible" not in form.as_p()
    assert "sk-upstream" not in CredentialForm(instance=stored()).as_p()


def test_a_new_credential_needs_a_secret_and_a_stored_one_does_not():
    given = {"name": "c", "provider": "openai"}
    assert ["secret"] == list(CredentialForm(given).errors)
    assert CredentialForm(given, instance=stored()).is_valid()


def test_a_credential_in_use_cannot_become_another_providers():
    own = stored()
    Deployment.objects.create(name="x", provider="openai", credential=own)
    assert "provider" not in CredentialForm({"name": "c", "provider": "openai"}, instance=own).errors
    assert CredentialForm({"name": "c", "provider": "groq"}, instance=own).errors


def test_a_deployment_whose_credential_is_for_another_provider_is_refused():
    own = stored()
    assert DeploymentForm({**DEPLOYMENT, "credential": own.pk}).is_valid()
    assert ["credential"] == list(DeploymentForm({**DEPLOYMENT, "provider": "groq", "credential": own.pk}).errors)


def test_a_provider_that_nobody_knows_is_refused():
    assert ["provider"] == list(DeploymentForm({**DEPLOYMENT, "provider": "nobody"}).errors)


def test_the_environments_credentials_are_the_operators_to_use():
    assert DeploymentForm(DEPLOYMENT).is_valid()
    scoped = type("Scoped", (DeploymentForm,), {"own_credential_required": True})
    assert ["credential"] == list(scoped(DEPLOYMENT).errors)
