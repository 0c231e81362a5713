import datetime as dt
import hashlib
import re

import pytest

from headgate.control.keys import operations
from headgate.control.keys.models import VirtualKey
from headgate.control.publication.models import Publication, PublishedKey
from headgate.domain.principal import Attribution
from headgate.snapshot.contract import decode_key

pytestmark = pytest.mark.django_db


def test_a_key_is_256_random_bits_behind_a_prefix():
    keys = {operations.new_plain_key() for _ in range(100)}
    assert 100 == len(keys)
    assert all(re.fullmatch(r"sk-hg-[A-Za-z0-9_-]{43}", key) for key in keys)


def test_only_the_hash_and_the_prefix_are_stored(acme):
    key, plain = operations.create_key(acme, "ci")
    stored = VirtualKey.objects.filter(pk=key.pk).values().get()
    assert hashlib.sha256(plain.encode()).hexdigest() == stored["sha256"]
    assert plain[:12] == stored["prefix"]
    assert not [column for column, value in stored.items() if plain in str(value)]


def test_a_new_key_is_published_with_everything_that_it_may(acme):
    expires = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    key, plain = operations.create_key(
        acme,
        "ci",
        expires_at=expires,
        allowed_models=["gpt-*"],
        scopes=["chat"],
        defaults={"team": "search"},
        locked=["team"],
    )
    principal = decode_key(bytes(PublishedKey.objects.get(key_hash=operations.hash_key(plain)).payload)).principal
    assert (key.pk, "ci", acme.pk, expires.timestamp()) == (
        principal.key_id,
        principal.key_name,
        principal.organization_id,
        principal.expires_at,
    )
    assert (("gpt-*",), ("chat",), Attribution(team="search"), ("team",)) == (
        principal.allowed_models,
        principal.scopes,
        principal.defaults,
        principal.locked,
    )
    assert [key.sha256] == list(Publication.objects.values_list("key_hash", flat=True))


def test_a_changed_key_is_published_again(acme):
    key, _ = operations.create_key(acme, "ci")
    key.allowed_models = ["claude-*"]
    operations.save_key(key)
    assert ("claude-*",) == decode_key(bytes(PublishedKey.objects.get().payload)).principal.allowed_models
    assert 2 == Publication.objects.count()


def test_a_revoked_key_is_taken_back_once_and_for_good(acme):
    key, _ = operations.create_key(acme, "ci")
    first = operations.revoke_key(key)
    assert first.revoked_at is not None
    assert first.revoked_at == operations.revoke_key(key).revoked_at
    assert 0 == PublishedKey.objects.count()
    assert 2 == Publication.objects.filter(key_hash=key.sha256).count()


def test_changing_a_revoked_key_does_not_bring_it_back(acme):
    key, _ = operations.create_key(acme, "ci")
    revoked = operations.revoke_key(key)
    operations.save_key(revoked)
    assert 0 == PublishedKey.objects.count()


def test_a_key_is_revoked_by_id_or_by_prefix(acme):
    by_id, by_prefix = operations.create_key(acme, "a"), operations.create_key(acme, "b")
    assert "a" == operations.revoke_key_named(by_id.key.pk).name
    assert "b" == operations.revoke_key_named(by_prefix.plain).name
    with pytest.raises(VirtualKey.DoesNotExist):
        operations.revoke_key_named("sk-hg-nothing")


def test_a_given_key_is_used_as_it_is(acme):
    assert "k" * 24 == operations.create_key(acme, "ci", plain="k" * 24).plain


@pytest.mark.parametrize("plain", ["", "k" * 23, "k" * 20 + " " + "k" * 20, "k" * 30 + "\n"])
def test_a_key_that_cannot_be_sent_or_can_be_guessed_is_refused(acme, plain: str):
    with pytest.raises(ValueError, match="at least 24"):
        operations.create_key(acme, "ci", plain=plain)
    assert 0 == VirtualKey.objects.count()
