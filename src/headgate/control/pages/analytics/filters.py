"""What a page of the dashboard is about: days and an organization, out of its address, and links that keep both."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from headgate.control.api.callers import Caller
from headgate.control.organizations.models import Organization
from headgate.control.pages.shell import caller_of_page
from headgate.control.rollups.queries import Seen

PAGES = {
    "analytics": "Overview",
    "analytics_users": "Users",
    "analytics_system": "System",
    "analytics_requests": "Requests",
}
"""Pages of the dashboard, by names of addresses."""
DAYS = (1, 7, 30, 90)
DEFAULT_DAYS = 7


class Choice(NamedTuple):
    """One of several links, of which one is where the reader is."""

    title: str
    href: str
    chosen: bool


class Filters(NamedTuple):
    """Whose figures a page shows, and of how many days."""

    page: str
    """Name of the address."""
    caller: Caller
    seen: Seen
    organizations: list[Organization]
    """That the reader may choose among, by name."""
    organization: str | None
    """Id of the chosen one; None: all of them together."""
    days: int
    other: dict[str, str]
    """What else the address says."""

    @property
    def span(self) -> str:
        """The days, in words."""
        return "today" if self.days == 1 else f"last {self.days} days"

    def link(self, page: str, /, **changes: str | int | None) -> str:
        """Return the address of a page about the same days and organization, changed in some respects."""
        asked: dict[str, str | int | None] = {
            "organization": self.organization,
            "days": None if self.days == DEFAULT_DAYS else self.days,
        } | changes
        query = urlencode({name: value for name, value in asked.items() if value not in (None, "")})
        return reverse(f"pages:{page}") + (f"?{query}" if query else "")

    @property
    def choices_of_days(self) -> list[Choice]:
        """Links to the same page over other days."""
        return [Choice(_title(days), self.link(self.page, **self.other, days=days), days == self.days) for days in DAYS]

    @property
    def pages(self) -> list[Choice]:
        """Links to the pages of the dashboard, about the same organization."""
        return [Choice(title, self.link(page), page == self.page) for page, title in PAGES.items()]

    @property
    def kept(self) -> dict[str, str]:
        """What the address says but the organization, for forms that choose another."""
        days = {} if self.days == DEFAULT_DAYS else {"days": str(self.days)}
        return {**days, **self.other}

    @property
    def several(self) -> bool:
        """Say whether rows of several organizations are shown, so that each has to say whose it is."""
        return len(self.organizations) > 1 and self.organization is None

    @property
    def names(self) -> dict[str, str]:
        """Names of organizations, by id."""
        return {str(each.pk): each.name for each in self.organizations}


def filters_of(request: HttpRequest, page: str, *others: str) -> Filters:
    """Read the address of a page. Days that are not offered are the usual ones.

    Args:
        request: of somebody who is signed in.
        page: name of its address.
        others: names of what else it can say.

    Raises:
        Forbidden: the reader may see nobody's figures but his own.
        NotFound: no such organization among those that he may see.
    """
    caller = caller_of_page(request)
    named = request.GET.get("organization") or None
    offered = caller.wide
    rows = Organization.objects.order_by("name")
    if offered.organizations is not None:
        rows = rows.filter(pk__in=offered.organizations)
    organizations = list(rows)
    chosen = next((str(each.pk) for each in organizations if named in (each.pk, each.name)), None)
    # Asking for one that is not among them raises, as it does at the API.
    seen = caller.all_in(named) if named is not None and chosen is None else _seen(offered, chosen)
    other = {name: request.GET[name] for name in others if request.GET.get(name)}
    return Filters(page, caller, seen, organizations, chosen, _days(request.GET.get("days", "")), other)


def _seen(offered: Seen, chosen: str | None) -> Seen:
    return offered if chosen is None else Seen(frozenset({chosen}))


def _days(text: str) -> int:
    return int(text) if text in {str(days) for days in DAYS} else DEFAULT_DAYS


def _title(days: int) -> str:
    return "Today" if days == 1 else f"{days} days"


def users_page(organization: str, user: str) -> str:
    """Return the address of the list of users with one user of an organization."""
    return f"{reverse('pages:analytics_users')}?{urlencode({'organization': organization, 'search': user})}"


def reset_page(organization: str, user: str) -> str:
    """Return the address at which a user's spend is reset."""
    return f"{reverse('pages:analytics_reset')}?{urlencode({'user': user, 'organization': organization})}"
