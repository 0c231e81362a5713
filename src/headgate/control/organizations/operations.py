"""Writes: organizations and users. Whatever the data plane must know is published in the same transaction."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from headgate.control.audit.operations import record_about
from headgate.control.organizations.models import Membership, Organization, Role, User
from headgate.control.publication.operations import publishing


def save_organization(organization: Organization) -> None:
    """Write a new or changed organization and publish it."""
    with publishing():
        organization.save()


def create_organization(name: str) -> Organization:
    """Create an enabled organization and publish it."""
    organization = Organization(name=name)
    save_organization(organization)
    return organization


def set_organization_enabled(name: str, *, enabled: bool) -> Organization:
    """Switch `aiGatewayEnabled` of the organization of that name (or id).

    Raises:
        Organization.DoesNotExist: no such organization.
    """
    with publishing():
        organization = organization_named(name)
        organization.enabled = enabled
        organization.save(update_fields=["enabled"])
    return organization


def switch_gateway(organization: Organization, *, enabled: bool, actor: User) -> Organization:
    """Switch `aiGatewayEnabled`, publish and audit it; where it is so already, nothing is changed."""
    with publishing():
        current = Organization.objects.select_for_update().get(pk=organization.pk)
        if current.enabled != enabled:
            current.enabled = enabled
            current.save(update_fields=["enabled"])
            said = f"Switched the gateway {'on' if enabled else 'off'}."
            record_about(actor, "changed", current, {"said": said, "values": {"enabled": str(enabled)}})
    return current


def organization_named(name: str) -> Organization:
    """Return the organization of that name, or of that id.

    Raises:
        Organization.DoesNotExist: no such organization.
    """
    found = Organization.objects.filter(name=name).first() or Organization.objects.filter(id=name).first()
    if found is None:
        message = f"no organization is called {name!r}"
        raise Organization.DoesNotExist(message)
    return found


def create_user(username: str, password: str, *, email: str = "", staff: bool = False, superuser: bool = False) -> User:
    """Create a user.

    Raises:
        ValidationError: the password is too weak.
        IntegrityError: the name is taken.
    """
    user = User(username=username, email=email, is_staff=staff or superuser, is_superuser=superuser)
    validate_password(password, user)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def set_staff(username: str, *, staff: bool) -> User:
    """Let the user into the admin pages, or no longer.

    Raises:
        User.DoesNotExist: no such user.
    """
    with transaction.atomic():
        user = User.objects.get(username=username)
        user.is_staff = staff
        user.save(update_fields=["is_staff"])
    return user


def set_password(username: str, password: str) -> User:
    """Give the user a new password; every session of his ends.

    Raises:
        User.DoesNotExist: no such user.
        ValidationError: the password is too weak.
    """
    with transaction.atomic():
        user = User.objects.get(username=username)
        validate_password(password, user)
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def set_membership(user: User, organization: Organization, role: Role) -> Membership:
    """Put the user into the organization with that role, or change his role."""
    membership, _ = Membership.objects.update_or_create(user=user, organization=organization, defaults={"role": role})
    return membership
