import pytest

from headgate.control.keys.forms import DEFAULT_FIELDS, KeyForm
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.queries import ATTRIBUTION_FIELDS

pytestmark = pytest.mark.django_db


def test_lists_and_attribution_are_written_as_people_write_them(acme):
    given = {"organization": acme.pk, "name": "ci", "allowed_models": " gpt-* \n\nclaude-*\n", "scopes": ["chat"]}
    form = KeyForm({**given, "default_team": "search", "locked": ["team"]})
    assert form.is_valid(), form.errors
    key = form.save(commit=False)
    assert (["gpt-*", "claude-*"], ["chat"], {"team": "search"}, ["team"]) == (
        key.allowed_models,
        key.scopes,
        key.defaults,
        key.locked,
    )


def test_a_stored_key_is_shown_as_it_was_written(acme):
    form = KeyForm(instance=VirtualKey(organization=acme, allowed_models=["a", "b"], defaults={"user": "u"}))
    assert ("a\nb", "u", "") == tuple(form.initial[name] for name in ("allowed_models", "default_user", "default_team"))


def test_every_attribution_field_has_its_input():
    assert set(DEFAULT_FIELDS) <= set(KeyForm().fields)
    assert len(ATTRIBUTION_FIELDS) == len(DEFAULT_FIELDS)


def test_an_unknown_scope_is_refused(acme):
    assert "scopes" in KeyForm({"organization": acme.pk, "name": "ci", "scopes": ["everything"]}).errors
