"""The page between an action and what it does: it asks why."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from headgate.control.budgets.forms import ReasonForm
from headgate.control.identifiers import new_id


class Reason(NamedTuple):
    """What was answered."""

    text: str
    given_id: str
    """Drawn with the page: answering it twice does the thing once."""


def ask_why(
    page: Any, request: HttpRequest, rows: Sequence[Any], *, action: str, title: str, verb: str
) -> Reason | HttpResponse:
    """Return the answer, or the page that asks for it."""
    if not rows:
        messages.warning(request, "None of these can be reset here.")
        return HttpResponseRedirect(request.get_full_path())
    asked = "given_id" in request.POST
    form = ReasonForm(request.POST) if asked else ReasonForm(initial={"given_id": new_id()})
    if asked and form.is_valid():
        return Reason(form.cleaned_data["reason"], form.cleaned_data["given_id"])
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "rows": rows,
        "action": action,
        "verb": verb,
        "form": form,
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/budget_reason.html", context)
