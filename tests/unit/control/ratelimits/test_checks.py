import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from headgate.control.deployments.models import Deployment
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization
from headgate.control.ratelimits.checks import check_rate_limit
from headgate.control.ratelimits.models import LARGEST, RateLimit

pytestmark = pytest.mark.django_db


def limit(**fields: object) -> RateLimit:
    return RateLimit(**{"name": "L", "scope": "key", "requests_per_minute": 10, **fields})


def complaint(**fields: object) -> str:
    with pytest.raises(ValidationError) as raised:
        check_rate_limit(limit(**fields))
    return " ".join(raised.value.messages)


@pytest.mark.parametrize("scope", ["organization", "key", "user", "model", "deployment"])
@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "concurrency"])
def test_any_one_limit_for_each_of_a_scope_is_enough(scope: str, name: str):
    check_rate_limit(limit(**{"scope": scope, "requests_per_minute": None, name: 1}))


def test_a_limit_limits_something():
    assert "Give at least one limit" in complaint(requests_per_minute=None)


@pytest.mark.parametrize("figure", [0, -1, -(10**30)])
@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "concurrency"])
def test_limits_are_positive(name: str, figure: int):
    assert "Give 1 or more, or nothing for no limit." in complaint(**{name: figure})


def test_absurd_limits_are_refused():
    assert f"Give at most {LARGEST:,}" in complaint(tokens_per_minute=LARGEST + 1)


def test_a_scope_that_there_is_not_is_refused():
    assert "team" in complaint(scope="team")


@pytest.mark.parametrize("fields", [{"requests_per_minute": 0}, {"requests_per_minute": None}, {"concurrency": -1}])
def test_the_database_keeps_what_the_form_asks_for(fields: dict[str, int | None]):
    with pytest.raises(IntegrityError):
        limit(**fields).save()


def test_an_organization_is_named_by_its_id(acme: Organization, other: Organization):
    check_rate_limit(limit(scope="organization", subject=acme.pk))
    check_rate_limit(limit(scope="organization", subject=acme.pk, organization=acme))
    assert "There is no organization with the id 'Acme'" in complaint(scope="organization", subject="Acme")
    assert "Leave this empty" in complaint(scope="organization", subject=other.pk, organization=acme)


def test_a_key_is_one_of_the_organization(acme: Organization, other: Organization):
    key = create_key(other, "theirs").key
    check_rate_limit(limit(subject=key.pk))
    check_rate_limit(limit(subject=key.pk, organization=other))
    expected = f"There is no virtual key with the id {key.pk!r} here"
    assert expected in complaint(subject=key.pk, organization=acme)
    assert "There is no virtual key with the id 'x' here" in complaint(subject="x")


def test_a_deployment_is_shared_or_of_the_organization_or_of_the_environment(acme: Organization, other: Organization):
    shared = Deployment.objects.create(name="gpt", provider="openai")
    theirs = Deployment.objects.create(name="gpt", provider="openai", organization=other)
    for subject in (shared.pk, theirs.pk, "env:openai"):
        check_rate_limit(limit(scope="deployment", subject=subject))
    check_rate_limit(limit(scope="deployment", subject=shared.pk, organization=acme))
    for subject in (theirs.pk, "openai", "env:nobody"):
        found = complaint(scope="deployment", subject=subject, organization=acme)
        assert f"There is no deployment with the id {subject!r} here" in found


def test_a_model_is_a_name_and_no_pattern():
    check_rate_limit(limit(scope="model", subject="openai/gpt-5"))
    assert "patterns are not known here" in complaint(scope="model", subject="gpt-*")


def test_users_are_whoever_callers_say(acme: Organization):
    check_rate_limit(limit(scope="user", subject="ann@example", organization=acme))


@pytest.mark.parametrize("subject", [" ann", "ann ", "a\nb"])
def test_a_subject_that_nobody_could_see_to_be_wrong_is_refused(subject: str):
    assert "Use printable characters" in complaint(scope="user", subject=subject)
