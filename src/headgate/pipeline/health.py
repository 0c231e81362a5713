"""What this worker has seen of its deployments lately: which of them rest, and how soon they answer."""

from typing import Final

from headgate.domain.ids import DeploymentId
from headgate.pipeline.ports import Clock
from headgate.routing.breaker import Breaker, Rules
from headgate.routing.failures import Finding
from headgate.routing.retries import RetryBudget

_NEWEST: Final = 0.2
"""Weight of the newest latency in the average."""
_LATELY_S: Final = 60.0
"""What was measured longer ago says nothing of now."""


class _Seen:
    """One deployment."""

    __slots__ = ("breaker", "latency_ms", "measured_at", "retries")

    def __init__(self, rules: Rules, now: float) -> None:
        self.breaker = Breaker(rules)
        self.retries = RetryBudget(now)
        self.latency_ms: float | None = None
        self.measured_at = now


class Health:
    """All deployments that were ever asked; forgets none, for they are few."""

    def __init__(self, clock: Clock, rules: Rules) -> None:
        """Know nothing yet."""
        self._clock = clock
        self._rules = rules
        self._seen: dict[DeploymentId, _Seen] = {}

    def is_open(self, deployment: DeploymentId) -> bool:
        """Whether it rests."""
        seen = self._seen.get(deployment)
        return seen is not None and seen.breaker.is_open(self._clock.monotonic())

    def goes_last(self, deployment: DeploymentId) -> bool:
        """Whether others should be asked before it: it rests, or asked for patience."""
        seen = self._seen.get(deployment)
        if seen is None:
            return False
        now = self._clock.monotonic()
        return seen.breaker.is_open(now) or seen.breaker.is_busy(now)

    def rests_for(self, deployment: DeploymentId) -> float:
        """Seconds until it is asked again."""
        seen = self._seen.get(deployment)
        return 0.0 if seen is None else seen.breaker.rests_for(self._clock.monotonic())

    def latency_of(self, deployment: DeploymentId) -> float | None:
        """How soon its answers began lately, milliseconds; None: it gave none lately."""
        seen = self._seen.get(deployment)
        if seen is None or self._clock.monotonic() - seen.measured_at > _LATELY_S:
            return None
        return seen.latency_ms

    def admit(self, deployment: DeploymentId, *, again: bool) -> bool:
        """Let an attempt through, or not. Whoever is let through calls `began`, and `succeeded` or `failed`.

        `again`: it is a retry, and puts nothing into the budget of retries.
        """
        seen = self._seen.get(deployment)
        if seen is None:
            seen = self._seen[deployment] = _Seen(self._rules, self._clock.monotonic())
        if not again:
            seen.retries.request()
        return seen.breaker.admit(self._clock.monotonic())

    def may_retry(self, deployment: DeploymentId) -> bool:
        """Take one retry out of its budget."""
        return self._seen[deployment].retries.take(self._clock.monotonic())

    def began(self, deployment: DeploymentId, latency_ms: float) -> None:
        """An answer began after so many milliseconds."""
        seen = self._seen[deployment]
        now = self._clock.monotonic()
        seen.breaker.begin(now)
        # After a long silence the average begins anew.
        before = seen.latency_ms if now - seen.measured_at <= _LATELY_S else None
        seen.measured_at = now
        seen.latency_ms = latency_ms if before is None else before + _NEWEST * (latency_ms - before)

    def succeeded(self, deployment: DeploymentId) -> None:
        """An answer came to its end."""
        self._seen[deployment].breaker.succeed(self._clock.monotonic())

    def failed(
        self, deployment: DeploymentId, finding: Finding, *, since: float, retry_after_s: float | None = None
    ) -> None:
        """An attempt that was sent at `since` (monotonic) came to nothing."""
        breaker = self._seen[deployment].breaker
        breaker.fail(finding.blame, now=self._clock.monotonic(), since=since, retry_after_s=retry_after_s)
