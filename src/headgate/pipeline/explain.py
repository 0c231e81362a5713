"""What would become of a request, and why, without sending it: the decisions of a call, told instead of acted on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from headgate.domain.budget import BudgetUnit, LeaseClass, WindowId
from headgate.domain.errors import Refused
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.domain.verdict import Verdict
from headgate.ledger.windows import WindowState
from headgate.pipeline.assess import Asking, Assessment
from headgate.pipeline.config import Config
from headgate.pipeline.foresee import Foreseen, Way
from headgate.pipeline.plan import Plan, reshaped
from headgate.pipeline.wants import Want
from headgate.pricing.bound import bounds_of
from headgate.pricing.tight import tightened
from headgate.routing.candidates import Choice

BYTES_PER_TOKEN: Final = 4
"""Of English text, by every usual tokenizer, roughly: for what is expected, never for what is held."""
EXPECTED_OUTPUT: Final = 500
"""Tokens that an answer is taken to have when nothing says that it must be shorter."""
_CENTS: Final = Decimal("0.000000001")


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `POST /v1/quote`."""

    object: str = "quote"
    request_id: str
    endpoint: str
    model: str
    decision: str
    """`admit`, `refuse`, or `depends`: a budget has no room now, but may clamp, degrade or get some back; or all
    deployments rest."""
    reason: str | None
    plan: Mapping[str, Any] | None
    """The route that the model names; None: it names a deployment."""
    route: Sequence[Mapping[str, Any]]
    """Deployments in the order in which they would be asked."""
    bound: Mapping[str, Any] | None
    expected: Mapping[str, Any] | None
    policies: Sequence[Mapping[str, str]]
    budgets: Sequence[Mapping[str, Any]]


def quote(
    asking: Asking,
    foreseen: Foreseen,
    assessment: Assessment,
    wants: Sequence[Want],
    states: Mapping[WindowId, WindowState],
    config: Config,
    *,
    critical: bool,
    refused: Refused | None = None,
) -> Quote:
    """Tell what `assess` decided, and how the budgets stand.

    Args:
        asking: the request.
        foreseen: the deployments that may be asked.
        assessment: what was decided of it at the first of them.
        wants: what it would hold; empty when it was refused before.
        states: of the windows that were ever drawn from; another one is untouched.
        config: the snapshot in force.
        critical: its task may go to the hard limit of soft budgets.
        refused: why it cannot be held at all.
    """
    budgets = [_budget(want, states.get(want.need.window.id), critical=critical) for want in wants]
    refusal = refused or assessment.refusal
    doubt = _doubt(foreseen, budgets)
    plan = assessment.plan
    return Quote(
        request_id=asking.request.id,
        endpoint=asking.request.door.path,
        model=asking.intake.model,
        decision="refuse" if refusal is not None else "admit" if doubt is None else "depends",
        reason=doubt if refusal is None else refusal.message,
        plan=_plan(foreseen.choice),
        route=[_way(way) for way in foreseen.ways],
        bound=None if plan is None else _bound(plan, asking, config),
        expected=None if plan is None else _expected(plan, config),
        policies=[_verdict(verdict) for verdict in assessment.verdicts],
        budgets=budgets,
    )


def _doubt(foreseen: Foreseen, budgets: Sequence[Mapping[str, Any]]) -> str | None:
    """Why it depends on the moment."""
    if foreseen.first.rests:
        return "Every deployment that may serve it failed a moment ago and rests."
    short = next((each for each in budgets if not each["fits"] and not each["shadow"]), None)
    return None if short is None else f"Budget {short['name']!r} has no room for it now."


def _plan(choice: Choice) -> dict[str, Any] | None:
    if choice.route is None:
        return None
    return {"route": choice.route, "strategy": choice.strategy, "arm": choice.arm}


def _way(way: Way) -> dict[str, Any]:
    plan = None if way.assessment is None else way.assessment.plan
    return {
        "deployment_id": way.target.deployment_id,
        "provider": way.target.provider.name,
        "model": way.target.model,
        "arm": way.target.arm,
        "price_card": None if plan is None else plan.tariff.card_id,
        "cost_usd": None if plan is None else _usd(plan.tariff.hold),
        "resting": way.rests,
        "refused": None if way.refusal is None else way.refusal.message,
    }


def _bound(plan: Plan, asking: Asking, config: Config) -> dict[str, Any]:
    if plan.shape is None:
        return {"cost_usd": Decimal(0), "tight_cost_usd": Decimal(0), "input_tokens": 0, "output_tokens": 0}
    input_tokens, output_tokens = bounds_of(plan.tariff.card, plan.shape)
    closer = reshaped(plan, tightened(plan.shape, asking.intake.fields, asking.request.door.format), config)
    return {
        "cost_usd": _usd(plan.tariff.hold),
        "tight_cost_usd": _usd(closer.tariff.hold),
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
    }


def _expected(plan: Plan, config: Config) -> dict[str, Any] | None:
    """A guess, said to be one: the bound of a request whose text has four bytes to a token."""
    shape = plan.shape
    if shape is None or plan.tariff.card is None:
        return None
    limit = min(shape.max_output_tokens or EXPECTED_OUTPUT, EXPECTED_OUTPUT)
    likely = msgspec.structs.replace(
        shape, body_bytes=max(shape.body_bytes // BYTES_PER_TOKEN, 1), surcharge_tokens=0, max_output_tokens=limit
    )
    priced = reshaped(plan, likely, config)
    input_tokens, output_tokens = bounds_of(plan.tariff.card, likely)
    cost = _usd(priced.tariff.hold)
    figures: dict[str, Any] = {"cost_usd": cost, "input_tokens": input_tokens, "output_tokens": output_tokens}
    if cost is not None:
        figures |= {
            f"cost_{rate.currency.lower()}": (cost / Decimal(rate.usd_rate)).quantize(_CENTS)
            for rate in config.exchange_rates
            if rate.currency != "USD"
        }
    return figures


def _verdict(verdict: Verdict) -> dict[str, str]:
    return {"policy": verdict.policy, "rule": verdict.rule, "effect": verdict.effect, "reason": verdict.reason}


def _budget(want: Want, state: WindowState | None, *, critical: bool) -> dict[str, Any]:
    budget, window = want.budget, want.need.window
    known = state or WindowState(window.limit, window.hard, 0, 0, scarce=False, recall_gen=0)
    lease_class = LeaseClass.CRITICAL if critical else LeaseClass.NORMAL
    cap = known.cap(lease_class)

    def figure(amount: int) -> int | Decimal:
        return nano_to_usd(NanoUsd(amount)) if budget.unit is BudgetUnit.MONEY else amount

    return {
        "name": budget.name,
        "scope": budget.scope.value,
        "subject": window.subject or None,
        "period": budget.period.value,
        "unit": "usd" if budget.unit is BudgetUnit.MONEY else budget.unit.value,
        "limit": figure(cap),
        "spent": figure(known.spent),
        "held": figure(known.leased),
        "need": figure(want.need.amount),
        "fits": known.spent + known.leased + want.need.amount <= cap,
        "resets_at": None if window.ends_at is None else dt.datetime.fromtimestamp(window.ends_at, dt.UTC).isoformat(),
        "policy": budget.policy,
        "shadow": budget.shadow,
        "may_clamp": budget.clamp,
    }


def _usd(amount: NanoUsd | None) -> Decimal | None:
    return None if amount is None else nano_to_usd(amount)
