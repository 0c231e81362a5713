"""Operations: how a user stands in his limits, and starting them anew."""

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from headgate.control.api.analytics import caller_of
from headgate.control.api.parameters import OrganizationName, Reason, UserId
from headgate.control.api.rendering import encode
from headgate.control.api.schemas import REFUSALS, Amount, Percent, amount
from headgate.control.budgets.models import Budget
from headgate.control.budgets.standing import Standing, standing_of
from headgate.control.budgets.user_resets import ResetBudget, UserReset, reset_user
from headgate.control.identifiers import new_id
from headgate.control.rollups.queries import Seen
from headgate.domain.budget import BudgetUnit
from headgate.domain.errors import BadRequest, Forbidden
from headgate.domain.money import NanoUsd, nano_to_usd

router = Router(tags=["spend limits"])
NO_REASON = "Reset through the API; no reason was given."


class ExhaustedBudget(Schema):
    """A budget that admits nothing more now."""

    budget: str
    scope: str
    period: str
    resets_at: dt.datetime | None


class SpendLimit(Schema):
    """How a user stands."""

    user_id: str
    organization: str
    as_of: dt.datetime
    blocked: bool = Field(description="A budget admits nothing more of this user's now.")
    blocked_by: list[ExhaustedBudget]
    daily_spend: Amount | None
    daily_held: Amount | None = Field(description="Set aside for calls that run, or by workers.")
    daily_limit: Amount | None = Field(description="Null: there is none.")
    daily_percent_used: Percent | None
    daily_resets_at: dt.datetime | None
    monthly_spend: Amount | None
    monthly_held: Amount | None
    monthly_limit: Amount | None
    monthly_limit_scope: str | None = Field(description="user, or system: everybody's, and the percentage is a part.")
    monthly_percent_used: Percent | None
    monthly_resets_at: dt.datetime | None


@router.get("user/spend-limit/", response={200: SpendLimit, **REFUSALS}, operation_id="spend_limit")
def spend_limit(request: HttpRequest, user_id: UserId = None, organization: OrganizationName = None) -> dict[str, Any]:
    """How a user stands in the budgets that bound him, now: the caller, or for administrators the user they name."""
    seen = caller_of(request).user_in(user_id, organization)
    user, owner = one_user(seen)
    now = timezone.now()
    standing = standing_of(user, owner, now)
    return {
        "user_id": user,
        "organization": owner,
        "as_of": now,
        "blocked": bool(standing.exhausted),
        "blocked_by": [each._asdict() for each in standing.exhausted],
        **_period("daily", standing.daily),
        **_period("monthly", standing.monthly),
        "monthly_limit_scope": standing.monthly.scope,
    }


class ResetRequest(Schema):
    """Why."""

    reason: Reason = NO_REASON


class ResetOfBudget(Schema):
    """A budget whose period of the user begins anew."""

    budget: str
    period: str
    spent: Amount = Field(description="What was spent of it, in its unit: USD, tokens or requests.")
    unit: str


class KeptBudget(Schema):
    """A budget that the caller may not reset."""

    budget: str
    period: str


class ResetAnswer(Schema):
    """What a reset came to."""

    user_id: str
    organization: str
    reset: list[ResetOfBudget]
    kept: list[KeptBudget]


@router.post("user/{path:user_id}/reset/", response={200: ResetAnswer, **REFUSALS}, operation_id="reset_user_spend")
def reset_spend(
    request: HttpRequest, user_id: str, payload: ResetRequest | None = None, organization: OrganizationName = None
) -> dict[str, Any]:
    """Start a user's current day and month anew, for administrators: a dated adjustment, nothing is deleted.

    With an `Idempotency-Key`, the same call again does nothing.
    """
    caller = caller_of(request)
    if "\0" in user_id or len(user_id) > 250:
        raise BadRequest("user_id is no external id of a user.", code="invalid_value", param="user_id")
    user, owner = one_user(caller.resettable(user_id, organization))
    person = caller.person
    assert person is not None, "a key resets nothing"
    done = reset_user(
        user,
        owner,
        may=caller.may_reset,
        reset_id=reset_id_of(request, owner, user),
        reason=payload.reason if payload else NO_REASON,
        actor=person,
    )
    check_reset(done)
    return {
        "user_id": user,
        "organization": owner,
        "reset": [reset_of_budget(each) for each in done.reset],
        "kept": [kept_budget(budget) for budget in done.kept],
    }


def one_user(seen: Seen) -> tuple[str, str]:
    """Return the user and the organization whose rows are seen, where limits are told by organization.

    Raises:
        BadRequest: they are in several.
        Forbidden: they are in none.
    """
    organizations = sorted(seen.organizations or ())
    if seen.user is None or not organizations:
        raise Forbidden("You belong to no organization: an admin can add you to one.", code="no_organization")
    if len(organizations) > 1:
        message = "The user belongs to several organizations, which have limits of their own: add organization."
        raise BadRequest(message, code="ambiguous_user", param="organization")
    return seen.user, organizations[0]


def _period(name: str, standing: Standing) -> dict[str, Any]:
    shown = {"spend": standing.spend, "held": standing.held, "limit": standing.limit}
    return {
        **{f"{name}_{what}": _usd(figure) for what, figure in shown.items()},
        f"{name}_percent_used": amount(standing.percent_used),
        f"{name}_resets_at": standing.resets_at,
    }


def _usd(figure: NanoUsd | None) -> Any:
    return None if figure is None else amount(nano_to_usd(figure))


def reset_of_budget(done: ResetBudget) -> dict[str, Any]:
    """Return the fields of `ResetOfBudget`."""
    budget = done.budget
    return {**kept_budget(budget), "spent": _in_unit(budget, done.spent), "unit": budget.unit}


def kept_budget(budget: Budget) -> dict[str, str]:
    """Return the fields of `KeptBudget`."""
    return {"budget": budget.name, "period": budget.period}


def _in_unit(budget: Budget, figure: int) -> Decimal:
    return nano_to_usd(NanoUsd(figure)) if budget.unit == BudgetUnit.MONEY else Decimal(figure)


def check_reset(done: UserReset) -> None:
    """Say so when there were budgets to reset, and none of them was the caller's to reset.

    Raises:
        Forbidden: naming them.
    """
    if done.kept and not done.reset:
        names = ", ".join(repr(budget.name) for budget in done.kept)
        message = f"These are the installation's budgets, which its operator resets: {names}."
        raise Forbidden(message, code="admins_only")


def reset_id_of(request: HttpRequest, *what: str) -> str:
    """Name a reset of something: the same for the same key of the same caller, so that it is done once."""
    given = request.headers.get("idempotency-key", "")
    if not given:
        return new_id()
    return hashlib.sha256(encode([caller_of(request).actor, *what, given])).hexdigest()[:40]
