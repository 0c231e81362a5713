"""Who asks the API: a person by the session of the pages, or a program by its virtual key."""

import hashlib
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from headgate.control.api.callers import Caller, caller_of_key, caller_of_person
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.queries import ANALYTICS_SCOPE
from headgate.control.organizations.models import User
from headgate.domain.errors import Forbidden, NotAuthenticated

KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key", "x-pulse-key")
"""Where a key may stand, beside `Authorization: Bearer`: as at the front doors."""
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class KeyAuthentication(HttpBearer):
    """A virtual key, as `Authorization: Bearer`, `x-api-key`, `api-key`, `x-goog-api-key` or `x-pulse-key`."""

    def __call__(self, request: HttpRequest) -> Any:
        """Return who asks; None when no key is shown.

        Raises:
            NotAuthenticated: the key is unknown, revoked or expired.
            Forbidden: its organization is switched off, or it has other scopes only.
        """
        shown = shown_key(request)
        return self.authenticate(request, shown) if shown else None

    def authenticate(self, request: HttpRequest, token: str) -> Caller:  # noqa: ARG002 - the base's words
        """Return who shows the key."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
        key = VirtualKey.objects.select_related("organization").filter(sha256=digest, revoked_at=None).first()
        if key is None:
            raise NotAuthenticated("This virtual key is unknown or revoked.", code="invalid_api_key")
        if key.expires_at is not None and key.expires_at <= timezone.now():
            raise NotAuthenticated("This virtual key has expired; ask an admin for a new one.", code="key_expired")
        if not key.organization.enabled:
            message = "The AI gateway is switched off for this organisation; an admin can enable it in its settings."
            raise Forbidden(message, code="organization_disabled")
        if key.scopes and ANALYTICS_SCOPE not in key.scopes:
            scopes = ", ".join(key.scopes)
            message = f"This virtual key may not call {ANALYTICS_SCOPE!r}; its scopes are {scopes}."
            raise Forbidden(message, code="scope_not_allowed")
        return caller_of_key(key)


class SessionAuthentication(APIKeyCookie):
    """The session of a person who is signed in at /admin/. What changes something needs its CSRF token besides."""

    param_name = "headgate_session"

    def __call__(self, request: HttpRequest) -> Any:
        """Return who asks; None when nobody is signed in.

        Raises:
            Forbidden: what would change something may come from another site.
        """
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:  # noqa: ARG002 - the base's words
        """Return who is signed in."""
        person = request.user
        if not isinstance(person, User) or not person.is_active:
            return None
        if request.method not in _SAFE_METHODS and check_csrf(request):
            message = "The session's CSRF token is missing or wrong: send x-csrftoken from the same site."
            raise Forbidden(message, code="csrf_failed")
        return caller_of_person(person)


def shown_key(request: HttpRequest) -> str:
    """Return the virtual key that a request shows; empty: none."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    shown = bearer.strip() if scheme.lower() == "bearer" else ""
    for name in KEY_HEADERS:
        shown = shown or request.headers.get(name, "")
    return shown
