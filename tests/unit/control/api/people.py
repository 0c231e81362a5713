"""Two organizations with the same users, and everybody who may ask the API about them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.test import Client

from headgate.control.keys.operations import create_key
from headgate.control.ledger.operations import post, register_owner
from headgate.control.organizations.models import Membership, Organization, Role, User
from headgate.domain.ids import OwnerId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Attribution
from headgate.ledger.postings import OwnerPosting, cost_event, request_log
from tests.kit.books import logged, sent, settled

PASSWORD = "!"
"""Nobody signs in with one here."""


def make_person(name: str, *, member_of: Organization | None = None, role: Role = Role.MEMBER, **fields: Any) -> User:
    """A person with a role in an organization."""
    person = User.objects.create(username=name, password=PASSWORD, **fields)
    if member_of is not None:
        Membership.objects.create(user=person, organization=member_of, role=role)
    return person


def with_permission(name: str, codename: str) -> User:
    """Staff to whom the operator has given one permission."""
    person = make_person(name, is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename=codename))
    return person


def session_of(person: User | None, *, enforce_csrf: bool = False) -> Client:
    """A browser in which a person is signed in; nobody, when there is none."""
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=enforce_csrf)
    if person is not None:
        client.force_login(person)
    return client


def key_of(organization: Organization, **fields: Any) -> Client:
    """A program that shows a virtual key."""
    plain = create_key(organization, "key", **fields).plain
    return Client(HTTP_HOST="localhost", HTTP_AUTHORIZATION=f"Bearer {plain}", enforce_csrf_checks=True)


def ask(organization: Organization, number: int, *, at: float, cost: int = 1_000, **changes: Any) -> str:
    """Post a request of an organization with its cost event; return its id."""
    request_id = RequestId(f"aigw_{organization.name.lower()}_{number}")
    log = {name: value for name, value in changes.items() if name in LOGGED}
    whom: dict[str, Any] = {
        "request_id": request_id,
        "organization_id": organization.pk,
        "attribution": Attribution(user="u1", team="t1", task="k1"),
        "original_model": "gpt",
        "provider": "openai",
        "at": at,
    } | {name: value for name, value in changes.items() if name not in LOGGED}
    owner = OwnerId(f"{organization.name.lower()}-{number}")
    register_owner(owner, "node", "boot")
    event = cost_event(sent(**whom), settled(request_id=request_id, cost=NanoUsd(cost)))
    row = request_log(logged(**whom, **({"cost": NanoUsd(cost)} | log)))
    events = () if event is None or log.get("outcome") == "refused" else (event,)
    post(OwnerPosting(owner_id=owner, posted_from=0, posted_to=1, low_watermark=1, events=events, logs=(row,)))
    return request_id


LOGGED = frozenset({"outcome", "status", "error", "latency_ms", "message", "usage", "cost_nano"})
"""Arguments of `ask` that only the log row has."""


class Caller(NamedTuple):
    """Somebody who asks, and the organizations of which he may see everybody's rows, and his own."""

    make: Callable[[Organization, Organization], Client]
    """Acme, and another organization."""
    everybody: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    resets: frozenset[str] = frozenset()
    refused: bool = False
    """At every address."""


ACME, OTHER = frozenset({"Acme"}), frozenset({"Other"})
BOTH = ACME | OTHER
CALLERS: dict[str, Caller] = {
    "anonymous": Caller(lambda *_: session_of(None), refused=True),
    "person of no organization": Caller(lambda *_: session_of(make_person("u1"))),
    "user": Caller(lambda acme, _: session_of(make_person("u1", member_of=acme)), own=ACME),
    "member who is staff": Caller(
        lambda acme, _: session_of(make_person("u1", member_of=acme, is_staff=True)), own=ACME
    ),
    "user of both": Caller(lambda acme, other: session_of(_of_both(acme, other)), own=BOTH),
    "organization admin": Caller(
        lambda acme, _: session_of(make_person("boss", member_of=acme, role=Role.ADMIN, is_staff=True)),
        everybody=ACME,
        resets=ACME,
    ),
    "admin who is not staff": Caller(
        lambda acme, _: session_of(make_person("u1", member_of=acme, role=Role.ADMIN)), own=ACME
    ),
    "staff": Caller(lambda *_: session_of(make_person("clerk", is_staff=True))),
    "staff who may view": Caller(lambda *_: session_of(with_permission("viewer", "view_ai_analytics")), everybody=BOTH),
    "staff who may reset": Caller(lambda *_: session_of(with_permission("resetter", "reset_user_spend")), resets=BOTH),
    "operator": Caller(
        lambda *_: session_of(make_person("root", is_staff=True, is_superuser=True)), everybody=BOTH, resets=BOTH
    ),
    "operator who left": Caller(
        lambda *_: session_of(make_person("gone", is_staff=True, is_superuser=True, is_active=False)),
        refused=True,
    ),
    "key": Caller(lambda acme, _: key_of(acme), everybody=ACME),
    "key of a user": Caller(lambda acme, _: key_of(acme, defaults={"user": "u1"}, locked=["user"]), own=ACME),
    "key for analytics": Caller(lambda acme, _: key_of(acme, scopes=["analytics"]), everybody=ACME),
    "key for chat": Caller(lambda acme, _: key_of(acme, scopes=["chat"]), refused=True),
    "key of the other": Caller(lambda _, other: key_of(other), everybody=OTHER),
}
"""Everybody who is tried at every address."""


def _of_both(acme: Organization, other: Organization) -> User:
    person = make_person("u1", member_of=acme)
    Membership.objects.create(user=person, organization=other)
    return person
