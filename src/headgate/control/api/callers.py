"""Who asks the API, and whose rows that caller may see. Every query of the API begins here."""

from typing import NamedTuple

from headgate.control.budgets.models import Budget, Source
from headgate.control.budgets.rights import is_operators
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization, User
from headgate.control.organizations.queries import administrated_by
from headgate.control.rollups.queries import Seen, organizations_of_user
from headgate.domain.errors import BadRequest, Forbidden, NotFound

VIEW_PERMISSION = "rollups.view_ai_analytics"
RESET_PERMISSION = "rollups.reset_user_spend"
_NOBODYS = "This virtual key is nobody's: say whose rows are asked for with user_id."
_RESETTERS_ONLY = "This is for administrators: staff who may reset users' spend, or who administrate an organization."
_ADMINS_ONLY = "This is for administrators: staff who may view AI analytics, or who administrate an organization."


class Caller(NamedTuple):
    """Who asks."""

    person: User | None
    """None: a virtual key asks."""
    own: frozenset[str]
    """Organizations in which the caller sees his own rows."""
    user: str | None
    """External id under which the caller's own rows are; None: a key that is nobody's."""
    administrated: frozenset[str]
    """Organizations whose rows the caller sees, whosever they are."""
    sees_everything: bool
    """All organizations, as the installation's operator."""
    resets_everything: bool
    """Spend of the users of all organizations."""

    @property
    def wide(self) -> Seen:
        """What the caller may see of everybody.

        Raises:
            Forbidden: nothing.
        """
        if self.sees_everything:
            return Seen(None)
        if not self.administrated:
            raise Forbidden(_ADMINS_ONLY, code="admins_only")
        return Seen(self.administrated)

    def all_in(self, organization: str | None) -> Seen:
        """Return everybody's rows: of an organization, or of all that the caller may see.

        Raises:
            Forbidden: the caller sees nobody's but his own.
            NotFound: no such organization among those that he may see.
        """
        seen = self.wide
        return seen if organization is None else Seen(frozenset({self._organization(organization, seen)}))

    def user_in(self, user: str | None, organization: str | None) -> Seen:
        """Return the rows of a user: the caller's own, or those of one that he names.

        Raises:
            BadRequest: nobody is named, or the user is in several organizations and none is named.
            Forbidden: the user is another one, and the caller sees nobody's rows but his own.
            NotFound: no such organization or user among those that the caller may see.
        """
        if user is None or (user == self.user and not self._administers):
            mine = self._own_user
            own = self.own if organization is None else frozenset({self._organization(organization, self._own_or_wide)})
            return Seen(own, mine)
        seen = self.all_in(organization)
        return self._found(user, seen) if organization is None else seen._replace(user=user)

    @property
    def widest(self) -> Seen:
        """All that the caller may see: everybody's rows, or his own."""
        return self.wide if self._administers else Seen(self.own, self._own_user)

    def user_or_all(self, user: str | None, organization: str | None) -> Seen:
        """Return the rows of a user, or when none is named all that the caller may see."""
        if user is None and self._administers:
            return self.all_in(organization)
        return self.user_in(user, organization)

    @property
    def _own_user(self) -> str:
        if self.user is None:
            raise BadRequest(_NOBODYS, code="missing_field", param="user_id")
        return self.user

    @property
    def _administers(self) -> bool:
        return self.sees_everything or bool(self.administrated)

    @property
    def _own_or_wide(self) -> Seen:
        return Seen(None) if self.sees_everything else Seen(self.own | self.administrated)

    def _found(self, user: str, seen: Seen) -> Seen:
        if seen.organizations is not None and len(seen.organizations) == 1:
            return Seen(seen.organizations, user)
        found = organizations_of_user(seen, user)
        if not found:
            message = f"No user {user!r} has asked anything in the organizations that you may see."
            raise NotFound(message, code="user_not_found", param="user_id")
        if len(found) > 1:
            message = f"Several organizations have a user {user!r}: add organization."
            raise BadRequest(message, code="ambiguous_user", param="organization")
        return Seen(frozenset(found), user)

    def _organization(self, named: str, seen: Seen) -> str:
        """Return the id of an organization that is named by id or name."""
        rows = Organization.objects.all()
        if seen.organizations is not None:
            rows = rows.filter(pk__in=seen.organizations)
        found = rows.filter(pk=named).first() or rows.filter(name=named).first()
        if found is None:
            message = f"There is no organization {named!r} that you may see."
            raise NotFound(message, code="organization_not_found", param="organization")
        return str(found.pk)

    def organization_in(self, named: str | None) -> str:
        """Return the id of the one organization whose sums are asked for; its members and keys may see these.

        Raises:
            BadRequest: there are several, and none is named.
            Forbidden: there is none.
            NotFound: no such organization among those that the caller may see.
        """
        return self._only(named, self._own_or_wide)

    def resettable_organization(self, named: str | None) -> str:
        """Return the id of the organization whose day the caller wants to start anew.

        Raises:
            BadRequest: there are several, and none is named.
            Forbidden: the caller resets nobody's.
            NotFound: no such organization among those that he may reset.
        """
        if self.person is None or not (self.resets_everything or self.administrated):
            raise Forbidden(_RESETTERS_ONLY, code="admins_only")
        return self._only(named, Seen(None) if self.resets_everything else Seen(self.administrated))

    def limits_set_by(self, organization_id: str) -> Source | None:
        """Return as whose the caller sets limits of all of an organization; None: he sets none."""
        if self.person is None:
            return None
        if self.person.is_superuser:
            return Source.ADMIN
        return Source.ORGANIZATION if organization_id in self.administrated else None

    def _only(self, named: str | None, seen: Seen) -> str:
        if named is not None:
            return self._organization(named, seen)
        if seen.organizations is None:
            found = list(Organization.objects.order_by("pk").values_list("pk", flat=True)[:2])
        else:
            found = sorted(seen.organizations)
        if not found:
            raise Forbidden("You belong to no organization: an admin can add you to one.", code="no_organization")
        if len(found) > 1:
            message = "There are several organizations that you may see: add organization."
            raise BadRequest(message, code="ambiguous_organization", param="organization")
        return str(found[0])

    def require_operator(self) -> None:
        """Let only the installation's operator go on.

        Raises:
            Forbidden: the caller is not.
        """
        if not self.sees_everything:
            message = "This is for staff who may view the AI analytics of all organizations."
            raise Forbidden(message, code="admins_only")

    @property
    def actor(self) -> str:
        """Id of the person; empty for a key."""
        return "" if self.person is None else str(self.person.pk)

    def resettable(self, user: str, organization: str | None) -> Seen:
        """Return the user whose spend the caller wants to reset.

        Raises:
            BadRequest: the user is in several organizations and none is named.
            Forbidden: the caller resets nobody's.
            NotFound: no such organization or user among those that the caller may reset.
        """
        if self.person is None or not (self.resets_everything or self.administrated):
            raise Forbidden(_RESETTERS_ONLY, code="admins_only")
        wide = self._replace(sees_everything=self.resets_everything)
        seen = wide.all_in(organization)
        return self._found(user, seen) if organization is None else seen._replace(user=user)

    def may_reset(self, budget: Budget) -> bool:
        """Say whether the caller may start a user's period of the budget anew."""
        if self.resets_everything:
            return True
        own = budget.organization_id in self.administrated
        return self.person is not None and own and not is_operators(budget)


def caller_of_person(person: User) -> Caller:
    """Return what a person who is signed in may see: his own rows, and those of organizations that he administrates."""
    staff = person.is_active and person.is_staff
    everything = staff and person.has_perm(VIEW_PERMISSION)
    administrated = () if person.is_superuser else administrated_by(person).values_list("pk", flat=True)
    return Caller(
        person=person,
        own=frozenset(person.memberships.values_list("organization_id", flat=True)),
        user=person.username,
        administrated=frozenset(administrated),
        sees_everything=everything,
        resets_everything=staff and person.has_perm(RESET_PERMISSION),
    )


def caller_of_key(key: VirtualKey) -> Caller:
    """Return what a virtual key may see: its organization, or if it is locked to a user, what he may."""
    organization = frozenset({str(key.organization_id)})
    user = key.defaults.get("user")
    locked = "user" in key.locked
    return Caller(
        person=None,
        own=organization,
        user=user,
        administrated=frozenset() if locked else organization,
        sees_everything=False,
        resets_everything=False,
    )
