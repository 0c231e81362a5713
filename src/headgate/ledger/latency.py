"""Latencies as counts in fixed buckets: what can be added up over hours and groups, and still has percentiles.

A bucket ends about 26 % above the one before it, ten of them to a factor of ten, from 10 ms to 630 s. A percentile is
exact about its bucket and interpolated inside it.
"""

from bisect import bisect_left
from collections.abc import Sequence

_STEPS = (100, 125, 160, 200, 250, 315, 400, 500, 630, 800)
BOUNDS_US: tuple[int, ...] = tuple(step * 100 * 10**decade for decade in range(5) for step in _STEPS)[:-1]
"""Upper bounds, included, in microseconds; what is above the last one is in one bucket more."""
BUCKETS = len(BOUNDS_US) + 1


def bucket_of(latency_us: int) -> int:
    """Return the number of the bucket that a latency is counted in."""
    return bisect_left(BOUNDS_US, latency_us)


def count_above(counts: Sequence[int], latency_us: int) -> int:
    """Return how many took longer than one of the bounds.

    Raises:
        ValueError: it is none of the bounds.
    """
    return sum(counts[BOUNDS_US.index(latency_us) + 1 :])


def percentile_ms(counts: Sequence[int], percent: int) -> float | None:
    """Return the latency that so many per cent did not exceed, in milliseconds; None: nothing was counted.

    Above the last bound it is that bound: it took at least so long.
    """
    total = sum(counts)
    if not total:
        return None
    # The smallest rank that is at least this share of all, in whole numbers.
    rank = -(-total * percent // 100) or 1
    for bucket, count in enumerate(counts):
        if rank <= count:
            return _inside(bucket, rank, count) / 1000
        rank -= count
    raise AssertionError("a rank is at most the total")


def _inside(bucket: int, rank: int, count: int) -> int:
    """Return where the rank lies in its bucket, its values being spread evenly over it."""
    lower = BOUNDS_US[bucket - 1] if bucket else 0
    if bucket == len(BOUNDS_US):
        return lower
    return lower + (BOUNDS_US[bucket] - lower) * (2 * rank - 1) // (2 * count)
