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
