import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from headgate.control.deployments import operations
from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.publication.models import Snapshot
from headgate.snapshot.contract import decode_snapshot
from headgate.snapshot.credentials import decrypt_credential

pytestmark = pytest.mark.django_db
SECRET = "sk-upstream-0123456789"


def published():
    return decode_snapshot(bytes(Snapshot.objects.latest("revision").payload)).deployments


def credential(**fields) -> ProviderCredential:
    made = ProviderCredential(**{"name": "c", "provider": "openai", **fields})
    operations.save_credential(made, plain=SECRET)
    return made


def test_a_credential_is_stored_encrypted_and_published_so():
    own = credential()
    operations.save_deployment(Deployment(name="gpt", provider="openai", credential=own))
    stored = bytes(ProviderCredential.objects.get().encrypted)
    assert SECRET.encode() not in stored
    assert SECRET == decrypt_credential(published()[0].credential, secret=settings.SECRET_KEY)
    assert "6789" == own.hint


def test_a_short_credential_gives_no_hint_away():
    made = ProviderCredential(name="c", provider="openai")
    operations.save_credential(made, plain="short")
    assert "" == made.hint


def test_of_keys_the_hint_is_their_name():
    made = ProviderCredential(name="c", provider="bedrock")
    keys = '{"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI"}'
    operations.save_credential(made, plain=keys)
    assert "MPLE" == made.hint


def test_a_secret_that_nothing_can_be_signed_with_is_refused():
    with pytest.raises(ValidationError, match="Give a Bedrock API key"):
        operations.save_credential(ProviderCredential(name="c", provider="bedrock"), plain="{}")
    assert not ProviderCredential.objects.exists()


def test_a_credential_without_a_new_secret_keeps_the_old_one():
    made = credential()
    before = (bytes(made.encrypted), made.rotated_at)
    made.name = "renamed"
    operations.save_credential(made, plain=None)
    made.refresh_from_db()
    assert before == (bytes(made.encrypted), made.rotated_at)


def test_a_new_credential_without_a_secret_is_refused():
    with pytest.raises(ValueError, match="needs its secret"):
        operations.save_credential(ProviderCredential(name="c", provider="openai"), plain=None)


def test_rotating_a_credential_publishes_it():
    own = credential()
    operations.save_deployment(Deployment(name="gpt", provider="openai", credential=own))
    operations.save_credential(own, plain="sk-another-0123456789")
    assert "sk-another-0123456789" == decrypt_credential(published()[0].credential, secret=settings.SECRET_KEY)


def test_a_credential_is_never_shown_to_another_provider():
    with pytest.raises(ValidationError, match="is for openai"):
        operations.save_deployment(Deployment(name="x", provider="groq", credential=credential()))


def test_a_credential_is_never_used_by_another_organization(acme, other):
    own = credential(organization=acme)
    for stranger in (other, None):
        with pytest.raises(ValidationError, match="another organization"):
            operations.save_deployment(Deployment(name="x", provider="openai", credential=own, organization=stranger))


def test_a_credential_in_use_cannot_change_hands(acme, other):
    own = credential(organization=acme)
    operations.save_deployment(Deployment(name="x", provider="openai", credential=own, organization=acme))
    own.organization = other
    with pytest.raises(ValidationError, match="uses it"):
        operations.save_credential(own, plain=None)
    assert acme == ProviderCredential.objects.get().organization


def test_a_credential_in_use_is_not_deleted():
    own = credential()
    operations.save_deployment(Deployment(name="x", provider="openai", credential=own))
    with pytest.raises(ProtectedError):
        operations.delete_credentials([own])


def test_deleted_deployments_are_taken_back_in_one_publication():
    for name in ("a", "b"):
        operations.save_deployment(Deployment(name=name, provider="openai"))
    before = Snapshot.objects.latest("revision").revision
    operations.delete_deployments(Deployment.objects.all())
    assert () == published()
    assert before + 1 == Snapshot.objects.latest("revision").revision
