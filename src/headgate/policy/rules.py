"""What policies say of a request: pure, compiled once per snapshot, in two phases.

The first needs no price: model, provider, task, attribution. What it says of a model is remembered, for the same few
names are asked for all day. The second needs bounds: tokens and cost. A caller under no policy pays for neither.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import msgspec

from headgate.domain.ids import OrganizationId
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Attribution
from headgate.domain.verdict import Verdict
from headgate.policy import reasons
from headgate.policy.globs import Globs, names_of
from headgate.policy.verdicts import Rule, objection
from headgate.snapshot.contract import Policy

REMEMBERED: Final = 8_192
"""Names come from callers: past so many the memory is emptied, so that it stays flat."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that policies look at."""

    organization_id: OrganizationId
    original_model: str
    """As the caller wrote it."""
    request_model: str | None = None
    """As it would be sent, which an alias hides; None: not known."""
    provider: str | None = None
    """Operator's name; None: not known, and rules over it say nothing."""
    attribution: Attribution = Attribution()
    input_bound: int | None
    """The most input tokens; None: cannot be bounded."""
    output_bound: int | None
    """The most output tokens over all choices; None: cannot be bounded."""
    hold: NanoUsd | None
    """The most that it can cost; None: cannot be bounded."""


class PolicySet:
    """The policies of one organisation."""

    __slots__ = ("_attributed", "_by_model", "_remembered", "_sized", "_tasked")

    def __init__(self, policies: Iterable[Policy]) -> None:
        """Sort the rules by what they look at."""
        known = tuple(policies)
        self._by_model = [
            (policy, Globs(policy.allowed_models), Globs(policy.blocked_models))
            for policy in known
            if policy.allowed_models or policy.blocked_models or policy.allowed_providers
        ]
        self._tasked = [policy for policy in known if policy.allowed_tasks]
        self._attributed = [policy for policy in known if policy.required_attribution]
        self._sized = [
            policy
            for policy in known
            if policy.max_tokens_per_request is not None or policy.max_cost_per_request is not None
        ]
        self._remembered: dict[tuple[str, str | None, str | None], tuple[Verdict, ...]] = {}

    @property
    def sized(self) -> bool:
        """Whether `judge_size` can say anything."""
        return bool(self._sized)

    def judge_call(
        self, *, original_model: str, request_model: str | None, provider: str | None, attribution: Attribution
    ) -> tuple[Verdict, ...]:
        """Objections to what is asked for, and for whom: one per rule of each policy; see `Facts` for the arguments."""
        found: tuple[Verdict, ...] = ()
        if self._by_model:
            asked = (original_model, request_model, provider)
            known = self._remembered.get(asked)
            found = self._judge_model(*asked) if known is None else known
        if self._tasked:
            found += _judge_tasks(self._tasked, attribution.task)
        if self._attributed:
            found += _judge_attribution(self._attributed, attribution)
        return found

    def judge_size(
        self, *, input_bound: int | None, output_bound: int | None, hold: NanoUsd | None
    ) -> tuple[Verdict, ...]:
        """Objections to how large a request may become: one per rule of each policy; see `Facts` for the arguments.

        A bound that does not fit may be asked about again with a tighter one.
        """
        if not self._sized:
            return ()
        found: list[Verdict] = []
        for policy in self._sized:
            most = policy.max_tokens_per_request
            if most is not None and (input_bound is None or output_bound is None or input_bound + output_bound > most):
                reason = reasons.tokens(policy.name, most, input_bound, output_bound)
                found.append(objection(policy, Rule.MAX_TOKENS_PER_REQUEST, reason))
            dearest = policy.max_cost_per_request
            if dearest is not None and (hold is None or hold > dearest):
                reason = reasons.cost(policy.name, dearest, hold)
                found.append(objection(policy, Rule.MAX_COST_PER_REQUEST, reason))
        return tuple(found)

    def judge(self, facts: Facts) -> tuple[Verdict, ...]:
        """Both phases at once."""
        asked = self.judge_call(
            original_model=facts.original_model,
            request_model=facts.request_model,
            provider=facts.provider,
            attribution=facts.attribution,
        )
        return asked + self.judge_size(input_bound=facts.input_bound, output_bound=facts.output_bound, hold=facts.hold)

    def _judge_model(self, original: str, sent: str | None, provider: str | None) -> tuple[Verdict, ...]:
        names = names_of(original, sent)
        found: list[Verdict] = []
        for policy, allowed, blocked in self._by_model:
            if blocked.match(names):
                found.append(objection(policy, Rule.BLOCKED_MODELS, reasons.blocked_model(policy.name, original)))
            elif policy.allowed_models and not allowed.match(names):
                reason = reasons.other_model(policy.name, original, policy.allowed_models)
                found.append(objection(policy, Rule.ALLOWED_MODELS, reason))
            if policy.allowed_providers and provider is not None and provider not in policy.allowed_providers:
                reason = reasons.other_provider(policy.name, provider, policy.allowed_providers)
                found.append(objection(policy, Rule.ALLOWED_PROVIDERS, reason))
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        verdicts = self._remembered[original, sent, provider] = tuple(found)
        return verdicts


class PolicyTable:
    """All policies of a snapshot, by organisation."""

    __slots__ = ("_sets",)

    def __init__(self, policies: Iterable[Policy]) -> None:
        """Compile each organisation's policies, in the order in which they come."""
        ordered = sorted(policies, key=_owner)
        self._sets = {organization: PolicySet(rows) for organization, rows in groupby(ordered, _owner)}

    def of(self, organization_id: str) -> PolicySet | None:
        """Return an organisation's policies; None: it has none."""
        return self._sets.get(organization_id)


def judge(policies: Sequence[Policy], facts: Facts) -> tuple[Verdict, ...]:
    """Return what the policies of the request's organisation say against it, compiled for this one time."""
    return PolicySet(policy for policy in policies if policy.organization_id == facts.organization_id).judge(facts)


def _owner(policy: Policy) -> str:
    return policy.organization_id


def _judge_tasks(policies: Sequence[Policy], task: str | None) -> tuple[Verdict, ...]:
    found: tuple[Verdict, ...] = ()
    for policy in policies:
        if not task or task not in policy.allowed_tasks:
            reason = reasons.task(policy.name, task, policy.allowed_tasks)
            found += (objection(policy, Rule.ALLOWED_TASKS, reason),)
    return found


def _judge_attribution(policies: Sequence[Policy], attribution: Attribution) -> tuple[Verdict, ...]:
    found: tuple[Verdict, ...] = ()
    for policy in policies:
        for field in policy.required_attribution:
            if not getattr(attribution, field, None):
                rule = f"{Rule.REQUIRED_ATTRIBUTION}.{field}"
                found += (objection(policy, rule, reasons.attribution(policy.name, field)),)
    return found
