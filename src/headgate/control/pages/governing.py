"""What is done on `/admin/ai`: the gateway is switched, keys are revoked."""

import datetime as dt

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from headgate.control.audit.operations import record_about
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import revoke_key
from headgate.control.organizations.models import Organization
from headgate.control.organizations.operations import switch_gateway
from headgate.control.pages.governance import governed
from headgate.control.pages.shell import page_of, show, signed_in
from headgate.control.requestlog.models import RequestLog
from headgate.domain.errors import BadRequest, Forbidden, NotFound

_DAY = dt.timedelta(days=1)


@page_of
def gateway(request: HttpRequest, organization_id: str) -> HttpResponse:
    """Ask whether the gateway shall be switched for an organization, and do it when that is confirmed.

    Raises:
        Forbidden: only the operator switches it, for it protects him.
    """
    organization = _administrated(request, organization_id)
    if not signed_in(request).is_superuser:
        message = "The operator of this installation switches the gateway on and off: ask him."
        raise Forbidden(message, code="admins_only")
    if request.method == "GET":
        requests = RequestLog.objects.filter(organization=organization, occurred_at__gte=timezone.now() - _DAY)
        context = {"organization": organization, "requests": requests.count(), "enabled": organization.enabled}
        return show(request, "headgate/gateway.html", f"AI Gateway of {organization.name}", context)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    if request.POST.get("enabled") not in {"true", "false"}:
        raise BadRequest("enabled: say true or false.", code="invalid_value", param="enabled")
    changed = switch_gateway(organization, enabled=request.POST["enabled"] == "true", actor=signed_in(request))
    state = "on: requests are answered" if changed.enabled else "off: every request is answered 403"
    messages.success(request, f"The gateway of {changed.name} is {state}, everywhere within a second.")
    return HttpResponseRedirect(reverse("pages:governance"))


@require_POST
@page_of
def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """Revoke a key of an organization that the person administrates."""
    found = VirtualKey.objects.filter(pk=key_id, organization__in=governed(request)).first()
    if found is None:
        raise NotFound("There is no such key that you may revoke.", code="key_not_found")
    with transaction.atomic():
        key = revoke_key(found)
        if found.revoked_at is None:
            record_about(signed_in(request), "changed", key, {"said": "Revoked."})
    messages.success(request, f"{key.name} is revoked: within a second nothing more is done with it.")
    return HttpResponseRedirect(reverse("pages:governance"))


def _administrated(request: HttpRequest, organization_id: str) -> Organization:
    found = next((each for each in governed(request) if str(each.pk) == organization_id), None)
    if found is None:
        raise NotFound("There is no such organization that you administrate.", code="organization_not_found")
    return found
