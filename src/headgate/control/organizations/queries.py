"""Reads: which organizations a user administrates."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from headgate.control.organizations.models import ADMINISTRATING_ROLES, Organization, User


def administrated_by(user: User | AnonymousUser) -> QuerySet[Organization]:
    """Return the organizations that the user may see and change: all for a superuser, else those he administrates."""
    if not (user.is_active and user.is_staff):
        return Organization.objects.none()
    if user.is_superuser:
        return Organization.objects.all()
    return Organization.objects.filter(memberships__user_id=user.pk, memberships__role__in=ADMINISTRATING_ROLES)
