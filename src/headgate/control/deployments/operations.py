"""Writes: deployments and provider credentials. Each is published in the same transaction."""

from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from headgate.control.deployments.models import Deployment, ProviderCredential
from headgate.control.publication.operations import publishing
from headgate.providers.secrets import SecretError, check_secret, hint_of
from headgate.providers.table import PROVIDERS
from headgate.providers.variants import NotSpokenError, variant
from headgate.snapshot.credentials import encrypt_credential


def check_deployment(deployment: Deployment) -> None:
    """Refuse a deployment that could not be called, or whose credential would be shown to somebody else.

    Raises:
        ValidationError: the credential is another organization's or another provider's, or the provider does not speak
            the format or has no API versions.
    """
    _check_variant(deployment)
    credential = deployment.credential
    if credential is None:
        return
    if credential.provider != deployment.provider:
        raise ValidationError({"credential": f"This credential is for {credential.provider}."})
    if credential.organization_id not in {None, deployment.organization_id}:
        raise ValidationError({"credential": "This credential belongs to another organization."})


def _check_variant(deployment: Deployment) -> None:
    provider = PROVIDERS.get(deployment.provider)
    if provider is None:
        return
    for field, wanted in (
        ("api_version", {"version": deployment.api_version or None}),
        ("format", {"version": deployment.api_version or None, "format_": deployment.format or None}),
    ):
        try:
            variant(provider, **wanted)
        except NotSpokenError as error:
            raise ValidationError({field: str(error)}) from error


def check_credential(credential: ProviderCredential) -> None:
    """Refuse a change of a credential that does not fit the deployments that use it.

    Raises:
        ValidationError: one of them would show it to another provider, or in another organization's name.
    """
    for deployment in Deployment.objects.filter(credential_id=credential.pk):
        deployment.credential = credential
        try:
            check_deployment(deployment)
        except ValidationError as error:
            raise ValidationError(f"{deployment} uses it. {' '.join(error.messages)}") from error


def check_secret_of(credential: ProviderCredential, plain: str) -> None:
    """Refuse a secret that its provider's requests cannot be signed with.

    Raises:
        ValidationError: for the field `secret`.
    """
    provider = PROVIDERS.get(credential.provider)
    if provider is None:
        return
    try:
        check_secret(provider, plain)
    except SecretError as error:
        raise ValidationError({"secret": str(error)}) from error


def save_deployment(deployment: Deployment) -> None:
    """Write a new or changed deployment and publish it.

    Raises:
        ValidationError: see `check_deployment`.
    """
    check_deployment(deployment)
    with publishing():
        deployment.save()


def delete_deployments(deployments: Iterable[Deployment]) -> None:
    """Delete deployments; cost events keep their ids."""
    with publishing():
        for deployment in deployments:
            deployment.delete()


def save_credential(credential: ProviderCredential, *, plain: str | None) -> None:
    """Write a credential; `plain` replaces its secret, None keeps it.

    Raises:
        ValueError: a new credential without a secret.
        ValidationError: a deployment that uses it would show it to another provider or organization, or nothing can be
            signed with the secret.
    """
    if plain:
        check_secret_of(credential, plain)
        credential.encrypted = encrypt_credential(plain, secret=settings.SECRET_KEY)
        credential.hint = hint_of(plain)
        credential.rotated_at = timezone.now()
    elif not credential.encrypted:
        message = "a new provider credential needs its secret"
        raise ValueError(message)
    check_credential(credential)
    with publishing():
        credential.save()


def delete_credentials(credentials: Iterable[ProviderCredential]) -> None:
    """Delete credentials.

    Raises:
        ProtectedError: a deployment uses one of them.
    """
    with publishing():
        for credential in credentials:
            credential.delete()
