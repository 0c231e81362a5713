"""Reads: all users with what they spent and how they stand, a page at a time.

Whatever is asked for, everybody is read, in a fixed number of queries: how many there are of each status is shown, too.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from headgate.control.budgets.levels import Level, level_of
from headgate.control.budgets.models import Budget
from headgate.control.budgets.queries import current_windows, live_budgets
from headgate.control.budgets.standing import Standing, Used, fullest, unlimited, with_limits
from headgate.control.organizations.models import Membership, Organization
from headgate.control.requestlog.refusals import refused_last
from headgate.control.rollups.queries import Seen, Spend, spend_of_users
from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.money import NanoUsd
from headgate.ledger.calendar import edge_at, zone
from headgate.ledger.rollups import label

Order = Literal["daily", "monthly", "name"]


class UserRow(NamedTuple):
    """A user of an organization."""

    organization_id: str
    user: str
    """External id."""
    email: str
    """Of the member with this user name; empty: there is none, or he has none."""
    person_id: str | None
    """Of the same; None: nobody signs in under this name."""
    daily: Standing
    monthly: Standing
    refused: bool
    """A budget refused the newest request, today."""
    status: Level


class UserList(NamedTuple):
    """A page of users."""

    rows: list[UserRow]
    counts: dict[Level, int]
    """How many there are of each status among all that match the search."""


class _Person(NamedTuple):
    id: str
    email: str


_Key = tuple[str, str]
"""Organization, and external id as it stands in roll-ups."""


def status_of(daily: Standing, monthly: Standing, *, refused: bool, used_up: bool = False) -> Level:
    """Return how near a user is to his limits.

    Args:
        daily: his day.
        monthly: his month; it counts where the limit is his own, and not everybody's.
        refused: a budget refused his newest request.
        used_up: a limit that everybody shares is.
    """
    judged = [each for each in (daily, monthly) if each.scope == Scope.USER and each.limit is not None]
    used = [(each.spend + each.held, each.limit or 0) for each in judged]
    return level_of(used, refused=refused or used_up)


def user_standings(
    seen: Seen,
    now: dt.datetime,
    *,
    status: Level | None = None,
    search: str = "",
    order: Order = "monthly",
    limit: int | None = 50,
    offset: int = 0,
) -> UserList:
    """Return users: members with an account, who asked this month, and who has a running window of his own.

    Args:
        seen: whose rows may be seen.
        now: when.
        status: only these.
        search: a part of the external id or of the e-mail address, in whatever case.
        order: by what was spent, the most first, or by name.
        limit: how many at most; None: all.
        offset: how many are left out before.
    """
    known = _Known(seen, now)
    rows = [known.row(key) for key in known.users() if known.matches(key, search.lower())]
    counts = Counter(row.status for row in rows)
    chosen = [row for row in rows if status in {None, row.status}]
    chosen.sort(key=lambda row: (row.user.lower(), row.user, row.organization_id))
    if order != "name":
        chosen.sort(key=lambda row: -(row.daily if order == "daily" else row.monthly).spend)
    end = None if limit is None else offset + limit
    return UserList(chosen[offset:end], {each: counts[each] for each in Level})


class _Known:
    """Everybody, as read."""

    def __init__(self, seen: Seen, now: dt.datetime) -> None:
        self._seen = seen
        self.spend = spend_of_users(seen, now)
        self.people = _people(seen)
        self.refused = {(owner, label(user)) for owner, user in refused_last(seen.organizations, now)}
        money = live_budgets().filter(unit=BudgetUnit.MONEY.value, shadow=False)
        budgets = with_limits(money.filter(scope__in=(Scope.USER.value, Scope.SYSTEM.value)), now)
        by_id = {budget.pk: budget for budget, _ in budgets}
        self.windows, self.names = _windows(seen, by_id, now)
        self.everybody = self._month_of_everybody(budgets)
        self.budgets = [(budget, limit) for budget, limit in budgets if budget.scope == Scope.USER]

    def _month_of_everybody(self, budgets: Sequence[tuple[Budget, NanoUsd]]) -> Standing | None:
        opened = self.windows.pop(_EVERYBODY, [])
        taken = {used.budget.pk for used in opened}
        unopened = [each for each in budgets if each[0].pk not in taken]
        # A limit of the day that everybody shares is used up as well as one of the month.
        self.used_up = any(used.spent + used.leased >= used.limit_amount for used in opened)
        return fullest(opened, unopened, Scope.SYSTEM, Period.MONTH)

    def users(self) -> list[_Key]:
        found = self.spend.keys() | self.windows.keys() | self.people.keys()
        return [key for key in found if self._seen.user is None or key[1] == label(self._seen.user)]

    def matches(self, key: _Key, search: str) -> bool:
        person = self.people.get(key)
        return search in key[1].lower() or (person is not None and search in person.email.lower())

    def row(self, key: _Key) -> UserRow:
        owner, user = key
        person = self.people.get(key)
        spend = self.spend.get(key, _NOTHING_SPENT)
        windows = self.windows.get(key, [])
        unopened = self._unopened(key, windows)
        daily = fullest(windows, unopened, Scope.USER, Period.DAY) or unlimited(spend.day)
        monthly = fullest(windows, unopened, Scope.USER, Period.MONTH)
        if monthly is None:
            shared = self.everybody
            monthly = shared._replace(spend=spend.month, held=_NOTHING) if shared else unlimited(spend.month)
        refused = key in self.refused
        status = status_of(daily, monthly, refused=refused, used_up=self.used_up)
        email, person_id = (person.email, person.id) if person else ("", None)
        return UserRow(owner, self.names.get(key, user), email, person_id, daily, monthly, refused, status)

    def _unopened(self, key: _Key, windows: Iterable[Used]) -> list[tuple[Budget, NanoUsd]]:
        owner, user = key
        taken = {used.budget.pk for used in windows}
        return [
            (budget, limit)
            for budget, limit in self.budgets
            if budget.pk not in taken
            and budget.organization_id in {None, owner}
            and (not budget.subject or label(budget.subject) == user)
        ]


_NOTHING = NanoUsd(0)
_NOTHING_SPENT = Spend(_NOTHING, _NOTHING)
_EVERYBODY: _Key = ("", "")
"""Whose windows those of the scope system are."""


def _people(seen: Seen) -> dict[_Key, _Person]:
    rows = Membership.objects.all()
    if seen.organizations is not None:
        rows = rows.filter(organization_id__in=seen.organizations)
    found = rows.order_by().values_list("organization_id", "user__username", "user_id", "user__email")
    return {(owner, label(name)): _Person(pk, email) for owner, name, pk, email in found}


def _windows(
    seen: Seen, budgets: dict[str, Budget], now: dt.datetime
) -> tuple[dict[_Key, list[Used]], dict[_Key, str]]:
    """Return the running windows of users and of everybody, by whose they are; and the whole names of users."""
    owners = seen.organizations
    if owners is None:
        owners = frozenset(Organization.objects.order_by().values_list("pk", flat=True))
    at = now.timestamp()
    starts = {edge_at(Period(each.period), zone(each.time_zone), now=at).starts_at for each in budgets.values()}
    running = current_windows(now)
    # By organization and start, or by budget: of every day that ever was there is a window.
    of_users = running.filter(
        budget_id__in=budgets, scope=Scope.USER.value, organization_id__in=owners, starts_at__in=starts
    )
    of_everybody = running.filter(
        budget_id__in=[pk for pk, each in budgets.items() if each.scope == Scope.SYSTEM], subject=""
    )
    found: dict[_Key, list[Used]] = defaultdict(list)
    names: dict[_Key, str] = {}
    for rows, shared in ((of_users.order_by("pk"), False), (of_everybody.order_by("budget_id"), True)):
        columns = ("budget_id", "organization_id", "subject", "spent", "leased", "limit_amount", "ends_at")
        for budget, owner, subject, *used in rows.values_list(*columns):
            key = _EVERYBODY if shared else (owner, label(subject))
            names[key] = subject
            found[key].append(Used(budgets[budget], *used))
    return found, names
