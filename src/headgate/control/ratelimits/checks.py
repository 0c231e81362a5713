"""What a rate limit must be like before it is written: every refusal names the field and the remedy."""

from django.core.exceptions import ValidationError

from headgate.control.deployments.models import Deployment
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization
from headgate.control.ratelimits.models import RateLimit, Scope
from headgate.providers.table import PROVIDERS

LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")
FROM_ENVIRONMENT = "env:"
"""Deployments that the environment's variables make are called so, with the provider's name behind it."""


def check_rate_limit(limit: RateLimit) -> None:
    """Refuse what limits nothing, cannot be counted, or is meant for somebody who does not exist.

    Raises:
        ValidationError: by field.
    """
    try:
        limit.clean_fields(exclude={"organization"})
    except ValidationError as error:
        raise ValidationError(error.message_dict) from error
    if all(getattr(limit, name) is None for name in LIMITS):
        raise ValidationError("Give at least one limit: requests per minute, tokens per minute, or requests at once.")
    if limit.subject and (complaint := _complaint(limit)):
        raise ValidationError({"subject": complaint})


def _complaint(limit: RateLimit) -> str | None:
    """What is wrong with the subject."""
    subject, owner = limit.subject, limit.organization_id
    if not subject.isprintable() or subject != subject.strip():
        return "Use printable characters, without blanks at the ends."
    if limit.scope == Scope.ORGANIZATION:
        return _organization(subject, owner)
    if limit.scope == Scope.KEY:
        return _key(subject, owner)
    if limit.scope == Scope.DEPLOYMENT:
        return _deployment(subject, owner)
    if limit.scope == Scope.MODEL and "*" in subject:
        return "Write one model's public name; patterns are not known here. Empty: each model has a limit of its own."
    return None


def _organization(subject: str, owner: str | None) -> str | None:
    if owner is not None:
        return None if subject == owner else "Leave this empty: the limit is for the organization that is chosen above."
    if Organization.objects.filter(pk=subject).exists():
        return None
    return f"There is no organization with the id {subject!r}."


def _key(subject: str, owner: str | None) -> str | None:
    key = VirtualKey.objects.filter(pk=subject).first()
    if key is None or owner not in {None, key.organization_id}:
        return f"There is no virtual key with the id {subject!r} here; its id is in the address of its page."
    return None


def _deployment(subject: str, owner: str | None) -> str | None:
    if subject.removeprefix(FROM_ENVIRONMENT) in PROVIDERS and subject.startswith(FROM_ENVIRONMENT):
        return None
    deployment = Deployment.objects.filter(pk=subject).first()
    if deployment is None or (owner is not None and deployment.organization_id not in {None, owner}):
        return (
            f"There is no deployment with the id {subject!r} here; its id is in the address of its page, "
            f"and {FROM_ENVIRONMENT}<provider> means the one that the environment's variables make."
        )
    return None
