"""`/admin/ai-analytics/users/reset/`: asks why, then starts a user's current periods anew by dated adjustments."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from headgate.control.api.callers import Caller
from headgate.control.budgets.forms import ReasonForm
from headgate.control.budgets.standing import standing_of
from headgate.control.budgets.user_resets import UserReset, reset_user
from headgate.control.display import usd
from headgate.control.identifiers import new_id
from headgate.control.pages.analytics.filters import reset_page, users_page
from headgate.control.pages.analytics.spend import spend_bar
from headgate.control.pages.shell import caller_of_page, page_of, show, signed_in
from headgate.control.tracking import costs_shown
from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import BadRequest

MOST_CHARACTERS = 250
"""Of an external id."""


@page_of
def reset(request: HttpRequest) -> HttpResponse:
    """Ask why, or do it and lead back to the list."""
    caller = caller_of_page(request)
    user, owner = _whose(request, caller)
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm(initial={"given_id": new_id()})
    views = caller.sees_everything or owner in caller.administrated
    back = users_page(owner, user) if views else reset_page(owner, user)
    if form.is_bound and form.is_valid():
        done = reset_user(
            user,
            owner,
            may=caller.may_reset,
            reset_id=form.cleaned_data["given_id"],
            reason=form.cleaned_data["reason"],
            actor=signed_in(request),
        )
        _tell(request, user, done)
        return HttpResponseRedirect(back)
    standing = standing_of(user, owner, timezone.now())
    context = {
        "form": form,
        "whose": user,
        "daily": spend_bar(standing.daily),
        "monthly": spend_bar(standing.monthly),
        "back": back if views else "/account/",
    }
    return show(request, "headgate/analytics/reset.html", f"Reset the spend of {user}", context)


def _whose(request: HttpRequest, caller: Caller) -> tuple[str, str]:
    """Return external id and organization of the user whose spend the reader may reset.

    Raises:
        BadRequest: none is named.
        Forbidden: the reader resets nobody's.
        NotFound: no such organization or user among those that the reader may reset.
    """
    user, organization = request.GET.get("user", ""), request.GET.get("organization", "")
    if not user or "\0" in user or len(user) > MOST_CHARACTERS or not organization:
        raise BadRequest("Say which user of which organization.", code="missing_field", param="user")
    seen = caller.resettable(user, organization)
    (owner,) = seen.organizations or frozenset({organization})
    return user, owner


def _tell(request: HttpRequest, user: str, done: UserReset) -> None:
    for each in done.reset:
        shown = each.budget.unit != BudgetUnit.MONEY or costs_shown()
        spent = usd(each.spent) if each.budget.unit == BudgetUnit.MONEY else f"{each.spent:,} {each.budget.unit}"
        amount = f": {spent} were spent" if shown else ""
        messages.success(request, f"{user} starts anew in the budget {each.budget.name!r}{amount}.")
    if done.kept:
        names = ", ".join(repr(budget.name) for budget in done.kept)
        messages.warning(request, f"These are the installation's budgets, which its operator resets: {names}.")
    if not done.reset and not done.kept:
        messages.info(request, f"{user} has spent nothing of any budget of this period: there was nothing to reset.")
