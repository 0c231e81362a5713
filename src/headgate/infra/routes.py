"""From the snapshot's deployments and the environment's providers to routes with opened credentials."""

from collections.abc import Mapping

import structlog

from headgate.domain.ids import DeploymentId
from headgate.providers.table import PROVIDERS, providers_from_environment
from headgate.providers.variants import NotSpokenError, address_of, variant
from headgate.routing.table import ANY_MODEL, Route
from headgate.snapshot.contract import Deployment, Snapshot
from headgate.snapshot.credentials import CredentialError, decrypt_credential

_log = structlog.get_logger()


def routes_of(snapshot: Snapshot, *, environ: Mapping[str, str], secret: str) -> list[Route]:
    """Compile every deployment that can be called; one that cannot is left out and logged, never half used."""
    environment = environment_routes(environ)
    known = {route.provider.name: route for route in environment}
    routes = [route for deployment in snapshot.deployments if (route := _route(deployment, known, secret)) is not None]
    return routes + environment


class _UncallableError(Exception):
    """Nothing can be sent there; says why."""


def _route(deployment: Deployment, environment: Mapping[str, Route], secret: str) -> Route | None:
    try:
        return _compiled(deployment, environment, secret)
    except (_UncallableError, CredentialError, NotSpokenError) as error:
        _log.error("deployment_left_out", deployment=deployment.id, reason=str(error))
        return None


def _compiled(deployment: Deployment, environment: Mapping[str, Route], secret: str) -> Route:
    """Put a deployment together.

    Raises:
        CredentialError: its credential cannot be read.
        NotSpokenError: its operator has no such format, or no API versions.
        _UncallableError: there is no such operator, or no address.
    """
    provider = PROVIDERS.get(deployment.provider)
    if provider is None:
        message = f"no provider {deployment.provider!r}"
        raise _UncallableError(message)
    from_environment = environment.get(provider.name)
    credential = None
    if deployment.credential:
        credential = decrypt_credential(deployment.credential, secret=secret)
    elif deployment.base_url is None and from_environment is not None:
        # Only to the environment's own address: an address out of the database must not collect its credential.
        credential, provider = from_environment.credential, from_environment.provider
    given = deployment.base_url or (from_environment.base_url if from_environment else provider.base_url)
    if not given:
        message = f"{provider.name} has no address of its own"
        raise _UncallableError(message)
    version = deployment.api_version
    # The environment's own version is in its address and in its provider's paths already.
    inherited = version is None and not deployment.credential and deployment.base_url is None
    return Route(
        deployment=deployment,
        provider=variant(provider, format_=deployment.format, version=version),
        base_url=given if inherited else address_of(provider, given, version=version),
        credential=credential,
    )


def environment_routes(environ: Mapping[str, str]) -> list[Route]:
    """One open deployment per provider whose variables are set; shared, and behind every deployment of the database."""
    return [
        Route(
            deployment=Deployment(
                id=DeploymentId(f"env:{provider.name}"),
                organization_id=None,
                name=ANY_MODEL,
                provider=provider.name,
                priority=-1,
            ),
            provider=provider,
            base_url=base_url.rstrip("/"),
            credential=key,
        )
        for provider, base_url, key in providers_from_environment(environ)
    ]
