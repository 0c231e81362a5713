"""Which rate limits count for a request, and how a refusal reads. Compiled once per snapshot."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from headgate.domain.errors import LimitExceeded
from headgate.snapshot.contract import RateLimit

SCOPES: Final = ("key", "user", "organization", "model", "deployment")
_NAMED_WITHIN_AN_ORGANIZATION: Final = {"user", "model"}
REMEMBERED: Final = 8_192
"""Users and models come from callers: past so many the memory is emptied, so that it stays flat."""


class Counted(NamedTuple):
    """One rate limit as it applies to one request."""

    rule: RateLimit
    subject: str
    """What is counted: `<rule id>/<subject>` is the counter's name.

    Users and models are `<organization>/<name>`, for two organisations may use the same names. A deployment is counted
    for all who call it: what is protected is the provider behind it.
    """


class Exceeded(NamedTuple):
    """A rate limit that does not admit a request."""

    counted: Counted
    what: str
    """`requests`, `tokens` or `concurrency`."""
    limit: int
    retry_after_s: float


class RateLimitTable:
    """Finds the rate limits of a request; lookups do not grow with the number of limits."""

    def __init__(self, rate_limits: Iterable[RateLimit]) -> None:
        """Index by scope, organisation and subject."""
        self._rules: dict[tuple[str, str | None, str | None], list[RateLimit]] = {}
        self._remembered: dict[tuple[str, str, str | None, str, str | None], tuple[Counted, ...]] = {}
        for rule in rate_limits:
            self._rules.setdefault((rule.scope, rule.organization_id, rule.subject), []).append(rule)

    def of(
        self, *, organization_id: str, key_id: str, user: str | None, model: str, deployment_id: str | None
    ) -> tuple[Counted, ...]:
        """Every limit that a request counts in, in the order of `SCOPES`.

        Args:
            organization_id: whose key it is.
            key_id: the virtual key.
            user: external id of the end user; None: not given, and no limit of users applies.
            model: public name, as the caller wrote it.
            deployment_id: where the request will go; None: not decided yet, and no limit of deployments applies.
        """
        if not self._rules:
            return ()
        asked = (organization_id, key_id, user, model, deployment_id)
        found = self._remembered.get(asked)
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[asked] = tuple(
                Counted(rule, counter)
                for scope, subject, counter in (
                    ("key", key_id, key_id),
                    ("user", user, f"{organization_id}/{user}"),
                    ("organization", organization_id, organization_id),
                    ("model", model, f"{organization_id}/{model}"),
                    ("deployment", deployment_id, f"{deployment_id}"),
                )
                if subject is not None
                for rule in self._applying(scope, organization_id, subject)
            )
        return found

    def _applying(self, scope: str, organization_id: str, subject: str) -> Iterable[RateLimit]:
        for owner in (organization_id, None):
            yield from self._rules.get((scope, owner, subject), ())
            yield from self._rules.get((scope, owner, None), ())


def exceeded_error(
    exceeded: Exceeded, *, tokens: int = 0, headers: Sequence[tuple[bytes, bytes]] = ()
) -> LimitExceeded:
    """Say which limit refused, of whom and how much, and what can be done.

    Args:
        exceeded: the limiter's answer.
        tokens: what the request was estimated at; names the remedy where that alone is over the limit.
        headers: how the limit stands, as `rate_limit_headers.exceeded_headers` says it.
    """
    wait = max(1, math.ceil(exceeded.retry_after_s))
    measure = "concurrent requests" if exceeded.what == "concurrency" else f"{exceeded.what} per minute"
    return LimitExceeded(
        f"{_whose(exceeded.counted)} is at its limit of {exceeded.limit} {measure}. {_remedy(exceeded, tokens, wait)}",
        code="rate_limit_exceeded",
        retry_after_s=wait,
        should_retry=True,
        headers=headers,
    )


def _whose(counted: Counted) -> str:
    scope = counted.rule.scope
    if scope == "organization":
        return "This organisation"
    if scope in _NAMED_WITHIN_AN_ORGANIZATION:
        return f"The {scope} {counted.subject.partition('/')[2]!r}"
    return f"This {scope}"


def _remedy(exceeded: Exceeded, tokens: int, wait: int) -> str:
    if exceeded.what != "tokens":
        return f"Retry in {wait} s."
    if tokens > exceeded.limit:
        return (
            f"This request alone may use {tokens} and is admitted only while nothing else is counted: "
            f"lower max_tokens, or retry in {wait} s."
        )
    return f"Retry in {wait} s, or lower max_tokens."
