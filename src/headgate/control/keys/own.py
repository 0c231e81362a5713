"""A person's own virtual keys: locked to him, so that what they are used for is charged to him."""

import datetime as dt

from django.db import transaction

from headgate.control.audit.operations import record_about
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import NewKey, create_key, revoke_key
from headgate.control.organizations.models import ADMINISTRATING_ROLES, Membership, Organization, User
from headgate.domain.errors import BadRequest, Forbidden, NotFound

MOST_OWN_KEYS = 20
"""That work at one time, of one person in one organization."""
LONGEST_NAME = 200


def own_keys(person: User, organization: Organization) -> list[VirtualKey]:
    """Return the keys that are locked to the person, whoever made them, newest first; not the one of his sessions."""
    rows = VirtualKey.objects.filter(organization=organization, defaults__user=person.username, session_key=None)
    return [key for key in rows.order_by("-created_at", "pk") if "user" in key.locked]


def may_create_own_key(person: User, organization: Organization) -> bool:
    """Say whether the person may make a key there: a member, if members may, and whoever administrates."""
    roles = Membership.objects.filter(user=person, organization=organization)
    role = roles.values_list("role", flat=True).first()
    return role is not None and (organization.members_may_create_keys or role in ADMINISTRATING_ROLES)


def create_own_key(person: User, organization: Organization, name: str, expires_at: dt.datetime | None) -> NewKey:
    """Create, publish and audit a key that is locked to the person.

    Raises:
        Forbidden: he may not make one.
        BadRequest: it has no name, or he has too many.
    """
    if not may_create_own_key(person, organization):
        message = f"You may not make keys in {organization.name}: ask one of its admins for a key."
        raise Forbidden(message, code="keys_by_admins_only")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        message = f"Give the key a name of 1 to {LONGEST_NAME} characters on one line."
        raise BadRequest(message, code="invalid_value", param="name")
    with transaction.atomic():
        # Locked, so that two pages at once do not both make the last one.
        User.objects.select_for_update().get(pk=person.pk)
        if sum(key.revoked_at is None for key in own_keys(person, organization)) >= MOST_OWN_KEYS:
            message = f"You have {MOST_OWN_KEYS} keys in {organization.name}: revoke one that you no longer use."
            raise BadRequest(message, code="too_many_keys")
        made = create_key(
            organization, name, expires_at=expires_at, defaults={"user": person.username}, locked=["user"]
        )
        record_about(person, "added", made.key, {"said": "own key"})
    return made


def revoke_own_key(person: User, organization: Organization, key_id: str) -> VirtualKey:
    """Revoke and audit a key that is locked to the person.

    Raises:
        NotFound: he has no such key there.
    """
    found = next((key for key in own_keys(person, organization) if key.pk == key_id), None)
    if found is None:
        raise NotFound("You have no such key.", code="key_not_found")
    with transaction.atomic():
        if found.revoked_at is None:
            record_about(person, "changed", found, {"said": "Revoked by its owner."})
        return revoke_key(found)


def revoke_keys_of(person: User, organization: Organization, *, actor: User | str) -> int:
    """Revoke the keys that are locked to a person, because he leaves the organization; return how many."""
    left = [key for key in own_keys(person, organization) if key.revoked_at is None]
    with transaction.atomic():
        for key in left:
            revoke_key(key)
            record_about(actor, "changed", key, {"said": "Revoked: its owner left the organization."})
    return len(left)
