"""Targets as a signer gets them."""

from headgate.domain.ids import DeploymentId
from headgate.providers.table import PROVIDERS
from headgate.routing.target import Target


def target_of(credential: str | None = None, *, provider: str = "openai", ambient: bool = False) -> Target:
    """A target of some operator."""
    return Target(
        deployment_id=DeploymentId("d1"),
        provider=PROVIDERS[provider],
        base_url="https://up.test",
        credential=credential,
        ambient=ambient,
        model="m",
    )
