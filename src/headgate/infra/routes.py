"""From the snapshot's deployments and the environment's providers to routes with opened credentials."""

from collections.abc import Mapping

import structlog

from headgate.domain.ids import DeploymentId
from headgate.providers.table import PROVIDERS, own_address, providers_from_environment
from headgate.providers.variants import NotSpokenError, address_of, variant
from headgate.routing.table import ANY_MODEL, Route
from headgate.snapshot.contract import Deployment, Snapshot
from headgate.snapshot.credentials import CredentialError, decrypt_credential

_log = structlog.get_logger()


def routes_of(snapshot: Snapshot, *, environ: Mapping[str, str], secret: str) -> list[Route]:
    """Compile every deployment that can be called; one that cannot is left out and logged, never half used."""
    environment = environment_routes(environ)
    known = {route.provider.name: route for route in environment}
    routes = [_route(deployment, known, environ, secret) for deployment in snapshot.deployments]
    return [route for route in routes if route is not None] + environment


class _UncallableError(Exception):
    """Nothing can be sent there; says why."""


def _route(deployment: Deployment, known: Mapping[str, Route], environ: Mapping[str, str], secret: str) -> Route | None:
    try:
        return _compiled(deployment, known, environ, secret)
    except (_UncallableError, CredentialError, NotSpokenError) as error:
        _log.error("deployment_left_out", deployment=deployment.id, reason=str(error))
        return None


def _compiled(deployment: Deployment, known: Mapping[str, Route], environ: Mapping[str, str], secret: str) -> Route:
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
    from_environment = known.get(provider.name)
    credential, ambient = None, False
    if deployment.credential:
        credential = decrypt_credential(deployment.credential, secret=secret)
    elif deployment.base_url is None and from_environment is not None:
        # Only to the environment's own address: an address out of the database must not collect its credential.
        credential, provider = from_environment.credential, from_environment.provider
        ambient = from_environment.ambient
    given = deployment.base_url or (from_environment.base_url if from_environment else own_address(provider, environ))
    if not given:
        variables = " and ".join(" or ".join(names) for names in provider.address_variables)
        message = f"{provider.name} has no address of its own" + (f" without {variables}" if variables else "")
        raise _UncallableError(message)
    version = deployment.api_version
    # The environment's own version is in its address and in its provider's paths already.
    inherited = version is None and not deployment.credential and deployment.base_url is None
    return Route(
        deployment=deployment,
        provider=variant(provider, format_=deployment.format, version=version),
        base_url=given if inherited else address_of(provider, given, version=version),
        credential=credential,
        ambient=ambient,
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
            ambient=provider.auth.signs,
        )
        for provider, base_url, key in providers_from_environment(environ)
    ]
