"""A person makes and revokes his own keys."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from headgate.control.keys.own import create_own_key, revoke_own_key
from headgate.control.pages.account import account_page
from headgate.control.pages.organizations import named_in_form
from headgate.control.pages.shell import page_of, show, signed_in
from headgate.domain.errors import BadRequest

_DAY = dt.timedelta(days=1)


@require_POST
@page_of
def create(request: HttpRequest) -> HttpResponse:
    """Make a key and show it, this once; what was typed wrong is said on the page that it was typed on."""
    organization = named_in_form(request)
    typed = {"name": request.POST.get("name", "").strip(), "expires": request.POST.get("expires", "").strip()}
    try:
        expires_at = _end_of_day(typed["expires"], timezone.now())
        made = create_own_key(signed_in(request), organization, typed["name"], expires_at)
    except BadRequest as error:
        return account_page(request, refusal=error.message, wrong=error.param or "name", typed=typed)
    context = {"key": made.key, "plain": made.plain, "back": reverse("pages:account")}
    return show(request, "headgate/issued_key.html", "Your new virtual key", context)


@require_POST
@page_of
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """Revoke a key for good."""
    key = revoke_own_key(signed_in(request), named_in_form(request), key_id)
    messages.success(request, f"{key.name} is revoked: within a second nothing more is done with it.")
    return HttpResponseRedirect(reverse("pages:account"))


def _end_of_day(text: str, now: dt.datetime) -> dt.datetime | None:
    """Return the end of a UTC day; None: nothing was typed.

    Raises:
        BadRequest: it is no day, or over.
    """
    if not text:
        return None
    try:
        end = dt.datetime.combine(dt.date.fromisoformat(text) + _DAY, dt.time(), tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        message = "Expires: give a day like 2027-01-31, or nothing for a key that does not expire."
        raise BadRequest(message, code="invalid_value", param="expires") from None
    if end <= now:
        message = "Expires: give today or a later day, or nothing for a key that does not expire."
        raise BadRequest(message, code="invalid_value", param="expires")
    return end
