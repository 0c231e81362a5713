"""Rate limits for tests: rules, a clock to turn, and the sliding minute as a plain log."""

from headgate.policy.rate_limits import Counted
from headgate.snapshot.contract import RateLimit

BOOT = "0b6f1a52-7a2e-4d3c-9c55-3a1d0f6e8b11"


class TurnedClock:
    """A monotonic clock that a test turns."""

    def __init__(self, at: float = 1_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def counted(
    id_: str = "r",
    subject: str = "k",
    *,
    requests: int | None = None,
    tokens: int | None = None,
    concurrency: int | None = None,
) -> Counted:
    """One limit of one key."""
    rule = RateLimit(
        id=id_,
        organization_id=None,
        scope="key",
        requests_per_minute=requests,
        tokens_per_minute=tokens,
        concurrency=concurrency,
    )
    return Counted(rule, subject)


class Entry:
    """One request in one limit."""

    def __init__(self, rule: str, second: int, tokens: int) -> None:
        self.rule, self.second, self.tokens, self.running = rule, second, tokens, True

    def end(self, tokens: int | None) -> None:
        """It ended, having used so many tokens; None: nobody knows."""
        self.running = False
        if tokens is not None:
            self.tokens = tokens


class PlainLog:
    """What a limiter must decide, from every request that was admitted: brute force, one list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def fits(self, limits: list[Counted], second: int, tokens: int) -> bool:
        """Whether a request fits into every limit."""
        return all(self._fits(one, second, tokens) for one in limits)

    def admit(self, limits: list[Counted], second: int, tokens: int) -> list[Entry]:
        """Note a request; the entries, to be ended with it."""
        noted = [Entry(one.rule.id, second, capped(one.rule, tokens)) for one in limits]
        self.entries += noted
        return noted

    def _fits(self, one: Counted, second: int, tokens: int) -> bool:
        rule = one.rule
        mine = [entry for entry in self.entries if entry.rule == rule.id]
        recent = [entry for entry in mine if second - entry.second <= 60]
        if rule.concurrency is not None and sum(entry.running for entry in mine) >= rule.concurrency:
            return False
        if rule.requests_per_minute is not None and len(recent) >= rule.requests_per_minute:
            return False
        limit = rule.tokens_per_minute
        return limit is None or sum(entry.tokens for entry in recent) + capped(rule, tokens) <= limit


def capped(rule: RateLimit, tokens: int) -> int:
    """An estimate above the whole limit counts as the limit."""
    limit = rule.tokens_per_minute
    return tokens if limit is None else min(tokens, limit)
