import msgspec
import pytest

from headgate.domain.errors import Forbidden, NotAuthenticated
from headgate.domain.principal import Attribution
from headgate.policy.access import attribute, check_key, check_model, check_organization, model_allowed
from tests.kit.fakes import NOON, ORGANIZATION, PRINCIPAL


def principal(**changes: object):
    return msgspec.structs.replace(PRINCIPAL, **changes)


def test_a_key_without_limits_may_call_everything():
    assert check_key(PRINCIPAL, ORGANIZATION, scope="chat", now=NOON) is None
    assert check_model(PRINCIPAL, "any-model") is None


def test_a_key_expires_at_its_instant():
    key = principal(expires_at=NOON)
    assert check_key(key, ORGANIZATION, scope="chat", now=NOON - 0.001) is None
    refusal = check_key(key, ORGANIZATION, scope="chat", now=NOON)
    assert isinstance(refusal, NotAuthenticated)
    assert "key_expired" == refusal.code


@pytest.mark.parametrize("organization", [None, msgspec.structs.replace(ORGANIZATION, enabled=False)])
def test_an_organization_that_is_off_or_unknown_refuses_its_keys(organization):
    refusal = check_key(PRINCIPAL, organization, scope="chat", now=NOON)
    assert isinstance(refusal, Forbidden)
    assert "organization_disabled" == refusal.code


def test_a_key_calls_only_what_its_scopes_name():
    key = principal(scopes=("embeddings", "models"))
    assert check_key(key, ORGANIZATION, scope="models", now=NOON) is None
    refusal = check_key(key, ORGANIZATION, scope="chat", now=NOON)
    assert "scope_not_allowed" == refusal.code
    assert "embeddings, models" in refusal.message


@pytest.mark.parametrize(
    ("expected", "globs", "model"),
    [
        (True, ("gpt-*",), "gpt-4o"),
        (True, ("claude-*", "gpt-4o"), "gpt-4o"),
        (False, ("gpt-*",), "openai/gpt-4o"),
        (False, ("gpt-4o",), "gpt-4o-mini"),
        (False, ("gpt-*",), "GPT-4o"),
        (True, ("openai/*",), "openai/gpt-4o"),
        (True, ("gpt-4?",), "gpt-4o"),
    ],
)
def test_globs_admit_public_names(expected: bool, globs: tuple[str, ...], model: str):
    key = principal(allowed_models=globs)
    assert expected == model_allowed(key, model) == (check_model(key, model) is None)


def test_a_refused_model_is_named_with_what_is_allowed():
    refusal = check_model(principal(allowed_models=("claude-*",)), "gpt-4o")
    assert ("model_not_allowed", "model") == (refusal.code, refusal.param)
    assert "'gpt-4o'" in refusal.message
    assert "claude-*" in refusal.message


def test_what_the_caller_asks_replaces_the_keys_defaults():
    key = principal(defaults=Attribution(team="core", app="ci"))
    assert Attribution(team="core", app="web", user="u") == attribute(key, Attribution(app="web", user="u"))


def test_locked_fields_stay_even_when_the_key_gives_none():
    key = principal(defaults=Attribution(team="core"), locked=("team", "project"))
    assert Attribution(team="core", user="u") == attribute(key, Attribution(team="x", project="y", user="u"))


def test_a_caller_who_asks_nothing_gets_the_defaults():
    defaults = Attribution(team="core")
    assert defaults == attribute(principal(defaults=defaults), Attribution())


def test_every_field_can_be_locked():
    asked = Attribution(**dict.fromkeys(Attribution.__struct_fields__, "x"))
    assert Attribution() == attribute(principal(locked=Attribution.__struct_fields__), asked)
    assert asked == attribute(PRINCIPAL, asked)


@pytest.mark.parametrize("asked", [None, ORGANIZATION.id, ORGANIZATION.name])
def test_an_organization_is_known_by_its_id_and_by_its_name(asked: str | None):
    assert check_organization(ORGANIZATION, asked) is None


def test_another_organization_than_the_keys_is_refused_and_says_what_to_do():
    refusal = check_organization(ORGANIZATION, "Somebody else")
    assert isinstance(refusal, Forbidden)
    assert ("organization_mismatch", "x-headgate-organization") == (refusal.code, refusal.param)
    assert "x-headgate-client" in refusal.message
