"""The organization that a person works in: chosen once, kept in the session, the same on all pages and for requests."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from headgate.control.keys.sessions import ACTIVE
from headgate.control.organizations.models import Organization
from headgate.control.pages.shell import caller_of_page, page_of
from headgate.domain.errors import NotFound

_CACHED = "_headgate_choices"


def choices(request: HttpRequest) -> list[Organization]:
    """Return the organizations that the person belongs to or whose rows he may see, by name; read once per request."""
    known: list[Organization] | None = getattr(request, _CACHED, None)
    if known is None:
        caller = caller_of_page(request)
        rows = Organization.objects.order_by("name")
        if not caller.sees_everything:
            rows = rows.filter(pk__in=caller.own | caller.administrated)
        known = list(rows)
        setattr(request, _CACHED, known)
    return known


def chosen(request: HttpRequest, among: Sequence[Organization] | None = None) -> Organization | None:
    """Return the one that was switched to, else the first of those that he belongs to, else the first of all.

    Args:
        request: whose session says which.
        among: those that a page is for; without it, all that he may see.
    """
    offered = {str(organization.pk): organization for organization in (choices(request) if among is None else among)}
    switched = offered.get(request.session.get(ACTIVE, ""))
    if switched is not None or not offered:
        return switched
    own = caller_of_page(request).own
    return next((each for pk, each in offered.items() if pk in own), next(iter(offered.values())))


def named_in_form(request: HttpRequest) -> Organization:
    """Return the organization that a form is about, whatever the person works in.

    Raises:
        NotFound: no such organization among those of the person.
    """
    wanted = request.POST.get("organization", "")
    found = next((each for each in choices(request) if str(each.pk) == wanted), None)
    if found is None:
        raise NotFound("There is no such organization that you may see.", code="organization_not_found")
    return found


@require_POST
@page_of
def switch_organization(request: HttpRequest) -> HttpResponse:
    """Work in another organization from now on, and go back to the page that it was chosen on.

    Raises:
        NotFound: no such organization among those of the person.
    """
    request.session[ACTIVE] = str(named_in_form(request).pk)
    back = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if inside else reverse("pages:account"))
