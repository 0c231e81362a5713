import pytest

from headgate.control.deployments.forms import CredentialForm, DeploymentForm
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.deployments.operations import save_credential

pytestmark = pytest.mark.django_db
DEPLOYMENT = {"name": "gpt", "provider": "openai", "priority": "0", "weight": "1"}


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


def test_a_secret_that_nothing_can_be_signed_with_is_refused():
    given = {"name": "c", "provider": "bedrock"}
    for secret in ("ABSK-an-api-key", '{"access_key_id": "AK", "secret_access_key": "SK"}'):
        assert CredentialForm({**given, "secret": secret}).is_valid()
    form = CredentialForm({**given, "secret": '{"access_key_id": "hunter2"}'})
    assert ["Give a Bedrock API key, or JSON with access_key_id and secret_access_key."] == form.errors["secret"]


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


def test_a_format_that_the_provider_does_not_speak_is_refused_with_those_that_it_does():
    assert DeploymentForm({**DEPLOYMENT, "format": "openai.chat"}).is_valid()
    form = DeploymentForm({**DEPLOYMENT, "format": "anthropic.messages"})
    (complaint,) = form.errors["format"]
    assert complaint.startswith("OpenAI does not speak 'anthropic.messages'; it speaks openai.chat, openai.embeddings")


def test_only_a_provider_with_api_versions_takes_one():
    azure = {**DEPLOYMENT, "provider": "azure_openai"}
    assert DeploymentForm({**azure, "api_version": "2024-10-21", "format": "openai.speech"}).is_valid()
    assert ["format"] == list(DeploymentForm({**azure, "format": "openai.speech"}).errors)
    assert ["OpenAI has no API versions."] == DeploymentForm({**DEPLOYMENT, "api_version": "1"}).errors["api_version"]
    assert ["api_version"] == list(DeploymentForm({**azure, "api_version": "1&x=y"}).errors)


@pytest.mark.parametrize(("field", "value"), [("weight", "0"), ("weight", "1000001"), ("timeout_ms", "0")])
def test_figures_out_of_range_are_refused(field: str, value: str):
    assert [field] == list(DeploymentForm({**DEPLOYMENT, field: value}).errors)
