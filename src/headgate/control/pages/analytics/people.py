"""Where the name of a user leads: to the person's page in the admin, or to what he asked."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.urls import reverse

from headgate.control.organizations.models import Membership
from headgate.control.pages.analytics.filters import Filters

UserOf = tuple[str, str]
"""Organization and external id."""


class Person(NamedTuple):
    """Somebody who signs in under the name that is a user's external id, as a member of the same organization."""

    pk: str
    email: str


def people_of(users: Iterable[UserOf]) -> Mapping[UserOf, Person]:
    """Return the people behind users, as far as there are any. Users are of organizations that the reader may see."""
    wanted = set(users)
    if not wanted:
        return {}
    rows = Membership.objects.filter(
        organization_id__in={organization for organization, _ in wanted},
        user__username__in={user for _, user in wanted},
    ).values_list("organization_id", "user__username", "user_id", "user__email")
    return {
        (str(organization), str(name)): Person(str(pk), str(email))
        for organization, name, pk, email in rows
        if (organization, name) in wanted
    }


def page_of_user(filters: Filters, user: UserOf, person_id: str | None) -> str:
    """Return the admin's page about the person, for whoever may open it; else the list of what the user asked."""
    reader = filters.caller.person
    if person_id is not None and reader is not None and reader.is_superuser:
        return reverse("admin:organizations_user_change", args=[person_id])
    organization, name = user
    return filters.link("analytics_requests", user=name, organization=organization, days=None)


def page_of_request(filters: Filters, request_id: str, organization: str) -> str:
    """Return the address of a request's own page; empty: the reader may not open it."""
    reader = filters.caller.person
    if reader is None or not (reader.is_superuser or organization in filters.caller.administrated):
        return ""
    return reverse("admin:requestlog_requestlog_change", args=[request_id])
