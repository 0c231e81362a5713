"""What people ask from pages goes the way of every request: under a virtual key of their own in their organization.

The data plane asks here whose session a call shows (`session_key`), and goes on with that key's hash. The answer never
leaves the machine: the gateway does not pass this address on.
"""

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from headgate.control.keys.models import SessionKey
from headgate.control.keys.operations import create_key
from headgate.control.organizations.models import Organization, User

ACTIVE = "organization"
"""Where a session keeps the id of the organization that its user has switched to."""


def active_organization(request: HttpRequest) -> Organization | None:
    """The organization that a session's user works in: the one that was switched to, else the first of his own."""
    user = request.user
    if isinstance(user, AnonymousUser) or not user.is_active:
        return None
    mine = Organization.objects.filter(memberships__user_id=user.pk)
    return mine.filter(pk=request.session.get(ACTIVE, "")).first() or mine.first()


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
    organization = active_organization(request)
    if organization is None or not isinstance(user, User):
        return JsonResponse({"error": "Sign in first, or show a virtual key."}, status=401)
    return JsonResponse({"sha256": session_key_of(user, organization).key.sha256})
