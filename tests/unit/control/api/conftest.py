"""One organization in which two users asked today and yesterday."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from headgate.control.organizations.models import Organization, Role
from headgate.domain.principal import Attribution
from tests.unit.control.api.people import ask, make_person, session_of

ANALYTICS = "/api/v1/ai/analytics"


@pytest.fixture
def asked(acme: Organization) -> Organization:
    """Today u1 asks three times, of which one is refused and one fails; u2 asks once; yesterday u1 asks once."""
    now = timezone.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    mine: dict[str, Any] = {"attribution": Attribution(user="u1", team="t1", task="k1")}
    ask(acme, 1, at=today, cost=100, latency_ms=1_000.0, **mine)
    ask(acme, 2, at=today, cost=20, outcome="refused", error="limit_exceeded", status=429, **mine)
    ask(acme, 3, at=today, cost=3, outcome="fault", error="internal_error", status=500, latency_ms=9_000.0, **mine)
    whom = Attribution(user="u2", team="=t2", task="k2")
    ask(acme, 4, at=today, cost=4_000, attribution=whom, original_model="opus", provider="anthropic")
    ask(acme, 5, at=today - dt.timedelta(days=1).total_seconds(), cost=50_000, **mine)
    return acme


@pytest.fixture
def admin(acme: Organization) -> Client:
    """An admin of the organization, in a browser."""
    return session_of(make_person("boss", member_of=acme, role=Role.ADMIN, is_staff=True))


@pytest.fixture
def member(acme: Organization) -> Client:
    """The user u1 of the organization, in a browser."""
    return session_of(make_person("u1", member_of=acme))
