"""When a deployment rests: a circuit breaker per deployment and worker, as a state machine without a clock.

    closed ── one timeout while nothing else succeeded, or several failures in a row, or most of the last ones ──▶ open
    open ── its time is over ──▶ half open: one request is let through, the others still go elsewhere
    half open ── it succeeds ──▶ closed; it fails ──▶ open, for twice as long

A provider that says that we are too fast (429) is not broken. It is asked after the others until its own time is over,
but still asked where there is no other.
"""

from collections import deque
from typing import Final

import msgspec

from headgate.routing.failures import Blame

LAST: Final = 20
"""Outcomes that are remembered."""
LONGEST_BUSY_S: Final = 300.0
"""A `retry-after` beyond this is not believed."""
DEFAULT_BUSY_S: Final = 5.0


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """When to rest, and for how long."""

    cooldown_s: float = 15.0
    longest_s: float = 120.0
    """Rests double with every request that was let through and failed, up to this."""
    in_a_row: int = 5
    """Failures after which it rests."""
    share: float = 0.6
    """Or so many of the last `LAST`, once half of those are known."""


class Breaker:
    """One deployment's state."""

    __slots__ = ("_busy_until", "_good_at", "_in_a_row", "_last", "_open_until", "_probe_until", "_rest_s", "_rules")

    def __init__(self, rules: Rules) -> None:
        """Closed."""
        self._rules = rules
        self._last: deque[bool] = deque(maxlen=LAST)
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probe_until = 0.0
        self._rest_s = rules.cooldown_s
        self._busy_until = 0.0
        self._good_at = float("-inf")

    def is_open(self, now: float) -> bool:
        """Whether no request may be sent now: it rests, or the one that tries it out is still running."""
        return self._open_until is not None and (now < self._open_until or now < self._probe_until)

    def is_busy(self, now: float) -> bool:
        """Whether it asked for patience: others go first."""
        return now < self._busy_until

    def rests_for(self, now: float) -> float:
        """Seconds until a request is let through."""
        return 0.0 if self._open_until is None else max(self._open_until, self._probe_until, now) - now

    def admit(self, now: float) -> bool:
        """Let a request through, or not. Whoever is let through says what became of it."""
        if self._open_until is None:
            return True
        if self.is_open(now):
            return False
        # If nobody ever says, the next one is let through after another rest.
        self._probe_until = now + self._rules.cooldown_s
        return True

    def begin(self, now: float) -> None:
        """An answer began: whoever is asked next is answered too."""
        self._good_at = now
        if self._open_until is not None:
            self._open_until, self._probe_until = None, 0.0
            self._in_a_row = 0
            self._last.clear()
            self._rest_s = self._rules.cooldown_s

    def succeed(self, now: float) -> None:
        """An answer came to its end."""
        self.begin(now)
        self._in_a_row = 0
        self._last.append(True)

    def fail(self, blame: Blame, *, now: float, since: float, retry_after_s: float | None = None) -> None:
        """What was sent at `since` came to nothing.

        A request that took too long while others were answered says more about itself than about the deployment.
        """
        if blame is Blame.NOBODY:
            self.succeed(now)
        elif blame is Blame.BUSY:
            wait = DEFAULT_BUSY_S if retry_after_s is None else min(retry_after_s, LONGEST_BUSY_S)
            self._busy_until = max(self._busy_until, now + wait)
            self._probe_until = 0.0
        elif self._open_until is not None:
            self._reopen(now)
        else:
            self._in_a_row += 1
            self._last.append(False)
            down = blame is Blame.DOWN and self._good_at < since
            if down or self._in_a_row >= self._rules.in_a_row or self._mostly_fails():
                self._open_until = now + self._rest_s

    def _mostly_fails(self) -> bool:
        known = len(self._last)
        return known * 2 >= LAST and self._last.count(False) >= self._rules.share * known

    def _reopen(self, now: float) -> None:
        """The request that tried it out failed. Others that were on their way before change nothing."""
        if now < self._probe_until:
            self._rest_s = min(self._rest_s * 2, self._rules.longest_s)
            self._open_until, self._probe_until = now + self._rest_s, 0.0
