"""The frame around every page that Django's admin does not make: the same sidebar and header, for everybody signed in.

    def page(request: HttpRequest) -> HttpResponse:
        person = signed_in(request)
        return show(request, "headgate/example.html", "Example", {"figures": ...})
    ...
    path("example/", page_of(page), name="example")

The admin itself lets only staff in; these pages have a place for everybody (`/account/`), and their sidebar has what a
person may open.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse

from headgate.control.api.callers import Caller, caller_of_person
from headgate.control.organizations.models import User
from headgate.domain.errors import Refused

View = Callable[..., HttpResponse]
_log = logging.getLogger("django.request")
_TITLES = {403: "This is not for you", 404: "There is no such thing"}


def signed_in(request: HttpRequest) -> User:
    """The person whose page it is; `page_of` lets nobody else come so far."""
    return cast("User", request.user)


def caller_of_page(request: HttpRequest) -> Caller:
    """Whose rows the person may see: the same as through the API."""
    return caller_of_person(signed_in(request))


def page_of(view: View) -> View:
    """Let only people who are signed in see a page; what a view refuses by an error of the domain is a page too.

    So is a database that is locked or away, with status 503.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer = _answer(view, request, *args, **kwargs)
        except OperationalError as error:
            _log.exception("the database did not answer %s", request.path, exc_info=error)
            answer = _busy(request)
        # What one person sees is nobody else's, also not the next one's at the same browser.
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

    return wrapped


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("pages:sign_in"))
    try:
        answer = view(request, *args, **kwargs)
    except Refused as error:
        answer = refusal(request, error)
    if isinstance(answer, SimpleTemplateResponse):
        # Here, where it is seen when the database goes away under the sidebar.
        answer.render()
    return answer


def _busy(request: HttpRequest) -> HttpResponse:
    """Say that the database is locked or away, without asking it anything."""
    page = render_to_string("headgate/busy.html", {"address": request.get_full_path()})
    return HttpResponse(page, status=503, headers={"Retry-After": "5"})


def show(
    request: HttpRequest, template: str, title: str, context: Mapping[str, Any], *, status: int = 200
) -> TemplateResponse:
    """A page inside the frame."""
    site: Any = admin.site
    frame = {
        **site.each_context(request),
        # The admin's own idea of it is staff.
        "has_permission": True,
        "sidebar_navigation": site.get_sidebar_list(request),
        "title": title,
    }
    return TemplateResponse(request, template, {**frame, **context}, status=status)


def refusal(request: HttpRequest, error: Refused) -> HttpResponse:
    """Say on a page what the API would say in JSON."""
    title = _TITLES.get(error.status, "This cannot be shown")
    return show(request, "headgate/refusal.html", title, {"message": error.message}, status=error.status)
