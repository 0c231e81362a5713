import pytest

from headgate.control.deployments.models import Deployment
from headgate.control.deployments.queries import published_deployments

pytestmark = pytest.mark.django_db


def test_empty_fields_are_published_as_absent(acme):
    Deployment.objects.create(name="gpt", provider="openai", organization=acme, priority=3)
    (only,) = published_deployments()
    assert ("gpt", "openai", acme.pk, 3, None, None, None) == (
        only.name,
        only.provider,
        only.organization_id,
        only.priority,
        only.model,
        only.base_url,
        only.credential,
    )


def test_a_deployment_that_is_switched_off_is_not_published():
    Deployment.objects.create(name="gpt", provider="openai", enabled=False)
    assert () == published_deployments()


def test_what_restricts_a_deployment_is_published():
    assert (1, None, None, None) == published(name="plain", provider="openai")
    fields = {"weight": 7, "format": "openai.chat", "api_version": "2024-10-21", "timeout_ms": 900}
    assert (7, "openai.chat", "2024-10-21", 900) == published(name="gpt", provider="azure_openai", **fields)


def published(**fields: object) -> tuple[object, ...]:
    row = Deployment.objects.create(**fields)
    (one,) = [each for each in published_deployments() if each.id == row.pk]
    return one.weight, one.format, one.api_version, one.timeout_ms
