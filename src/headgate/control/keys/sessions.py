"""What people ask from pages goes the way of every request: under a virtual key of their own in their organization.

The data plane asks here whose session a call shows (`session_key`), and goes on with that key's hash. The answer never
leaves the machine: the gateway does not pass this address on.
"""

from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from headgate.control.keys.models import SessionKey
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization, User
from headgate.domain.errors import Forbidden

ACTIVE = "organization"
"""Where a session keeps the id of the organization that its user has switched to."""
_NOT_YOURS = (
    "You are not a member of the organization that you switched to, and no other one is charged instead: switch to "
    "one of your own at /account/, or show a virtual key."
)
_NOWHERE = "You belong to no organization, so nobody could be charged: an admin can add you to one."


def active_organization(user: User, switched: str) -> Organization:
    """Return the organization that a person works in: the one that was switched to, else the first of his own.

    Raises:
        Forbidden: he belongs to none, or not to the one that was switched to; it is never another one that pays.
    """
    mine = Organization.objects.filter(memberships__user_id=user.pk)
    found = mine.filter(pk=switched).first() if switched else mine.first()
    if found is not None:
        return found
    raise Forbidden(_NOT_YOURS if switched else _NOWHERE, code="not_a_member")


def session_key_of(user: User, organization: Organization) -> SessionKey:
    """The person's key there, made at first need; charged to the person, whatever is asked."""
    found = SessionKey.objects.select_related("key").filter(user=user, organization=organization).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            made = create_key(
                organization, f"Session of {user.username}", defaults={"user": user.username}, locked=["user"]
            )
            return SessionKey.objects.create(user=user, organization=organization, key=made.key)
    except IntegrityError:
        # Two pages at once: the other one was first.
        return SessionKey.objects.select_related("key").get(user=user, organization=organization)


@require_POST
def session_key(request: HttpRequest) -> JsonResponse:
    """Tell the gateway under which key a session's call goes; Django has checked the session and the CSRF token."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return JsonResponse({"error": "Sign in first, or show a virtual key."}, status=401)
    try:
        organization = active_organization(user, request.session.get(ACTIVE, ""))
    except Forbidden as error:
        return JsonResponse({"error": error.message, "code": error.code}, status=error.status)
    return JsonResponse({"sha256": session_key_of(user, organization).key.sha256})
