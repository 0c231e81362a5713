"""What roll-ups come to: sums with everything that is derived from them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self

from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.ledger.latency import count_above, percentile_ms
from headgate.ledger.rollups import COUNTS, HISTOGRAM

SLOW_US = 5_000_000
"""What took longer is slow."""
_SHARE = Decimal("0.000001")


class Figures(NamedTuple):
    """Sums of requests, and of their attempts."""

    requests: int = 0
    errors: int = 0
    """Let through, and without a whole answer."""
    refused: int = 0
    """By a key, policy, budget or rate limit."""
    timed: int = 0
    """Requests with a latency: those that were not refused."""
    latency_us: int = 0
    attempts: int = 0
    charged: int = 0
    """Attempts that a provider answered or may have billed."""
    estimated: int = 0
    """Attempts that are booked at their hold."""
    unpriced: int = 0
    """Attempts without an amount; `amount_nano` leaves them out."""
    amount_nano: NanoUsd = NanoUsd(0)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    latencies: tuple[int, ...] | None = None
    """Per bucket; None where they are not kept."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the sums that a row of a query has; Postgres adds integers up to numbers of another kind."""
        latencies = tuple(int(row[name] or 0) for name in HISTOGRAM) if HISTOGRAM[0] in row else None
        sums: dict[str, Any] = {name: int(row.get(name) or 0) for name in COUNTS}
        return cls(**sums, latencies=latencies)

    @property
    def cost_usd(self) -> Decimal:
        """The amount, exactly."""
        return nano_to_usd(self.amount_nano)

    @property
    def succeeded(self) -> int:
        """Requests that got their answer."""
        return self.requests - self.errors - self.refused

    @property
    def error_rate(self) -> Decimal | None:
        """Share of errors in all requests, six digits; None without requests."""
        return self._share(self.errors)

    @property
    def success_rate(self) -> Decimal | None:
        """Share of requests that got their answer. What is missing to 1 with `error_rate` was refused."""
        return self._share(self.succeeded)

    @property
    def avg_latency_ms(self) -> float | None:
        """The mean; None when nothing was timed."""
        return round(self.latency_us / self.timed / 1000, 3) if self.timed else None

    @property
    def cost_per_request_usd(self) -> Decimal | None:
        """The mean over requests that were not refused, rounded to nano-USD; None without any."""
        counted = self.requests - self.refused
        return nano_to_usd(NanoUsd((2 * self.amount_nano + counted) // (2 * counted))) if counted else None

    @property
    def slow(self) -> int | None:
        """Requests that took more than 5 s; None where latencies are not kept."""
        return None if self.latencies is None else count_above(self.latencies, SLOW_US)

    def percentile_ms(self, percent: int) -> float | None:
        """Return what so many per cent did not exceed; None where latencies are not kept, or nothing was timed."""
        return None if self.latencies is None else percentile_ms(self.latencies, percent)

    def _share(self, count: int) -> Decimal | None:
        return (Decimal(count) / self.requests).quantize(_SHARE) if self.requests else None
