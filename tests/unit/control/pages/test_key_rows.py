import datetime as dt

import pytest
from django.utils import timezone

from headgate.control.keys.operations import create_key, revoke_key
from headgate.control.organizations.models import Organization
from headgate.control.pages.key_rows import key_row, key_state

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_by_its_first_characters_and_its_state(acme: Organization):
    made, now = create_key(acme, "laptop"), timezone.now()
    row = key_row(made.key, now)
    assert (made.key.pk, "laptop", "active", "hg-badge-green") == (row["pk"], row["name"], row["state"], row["badge"])
    assert made.plain not in row["prefix"]
    assert made.plain.startswith(row["prefix"].rstrip("…"))


def test_a_key_expires_at_its_instant_and_stays_revoked(acme: Organization):
    now = timezone.now()
    key = create_key(acme, "laptop", expires_at=now).key
    assert "expired" == key_state(key, now)
    assert "active" == key_state(key, now - dt.timedelta(microseconds=1))
    assert "revoked" == key_state(revoke_key(key), now - dt.timedelta(days=1))
