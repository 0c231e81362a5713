from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.ledger.latency import BOUNDS_US, BUCKETS, bucket_of, count_above, percentile_ms

LATENCIES = st.lists(st.integers(0, 700_000_000), min_size=1, max_size=200)


def counted(latencies: list[int]) -> list[int]:
    counts = [0] * BUCKETS
    for latency in latencies:
        counts[bucket_of(latency)] += 1
    return counts


def test_bounds_ascend_by_about_a_quarter_from_ten_milliseconds_to_ten_minutes_and_a_half():
    assert (10_000, 630_000_000) == (BOUNDS_US[0], BOUNDS_US[-1])
    steps = [Fraction(upper, lower) for lower, upper in pairwise(BOUNDS_US)]
    assert all(Fraction(5, 4) - Fraction(1, 100) <= step <= Fraction(13, 10) for step in steps)


@pytest.mark.parametrize(
    ("bucket", "latency_us"),
    [(0, 0), (0, 10_000), (1, 10_001), (1, 12_500), (BUCKETS - 2, 630_000_000), (BUCKETS - 1, 630_000_001)],
)
def test_a_bound_belongs_to_the_bucket_that_it_ends(bucket: int, latency_us: int):
    assert bucket == bucket_of(latency_us)


@given(LATENCIES, st.integers(1, 100))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(latencies: list[int], percent: int):
    true = sorted(latencies)[-(-len(latencies) * percent // 100) - 1]
    found = percentile_ms(counted(latencies), percent)
    assert found is not None
    bucket = bucket_of(true)
    lower = BOUNDS_US[bucket - 1] if bucket else 0
    upper = BOUNDS_US[bucket] if bucket < len(BOUNDS_US) else BOUNDS_US[-1]
    assert lower / 1000 <= found <= upper / 1000


@given(LATENCIES)
def test_percentiles_ascend(latencies: list[int]):
    found = [percentile_ms(counted(latencies), percent) or 0 for percent in range(1, 101)]
    assert sorted(found) == found


@given(LATENCIES, LATENCIES)
def test_counts_that_are_added_are_those_of_all(some: list[int], others: list[int]):
    added = [one + other for one, other in zip(counted(some), counted(others), strict=True)]
    assert counted(some + others) == added


def test_nothing_counted_has_no_percentile():
    assert percentile_ms([0] * BUCKETS, 95) is None


def test_values_are_spread_evenly_over_their_bucket():
    counts = [0] * BUCKETS
    counts[bucket_of(1_000_000)] = 2
    assert (850, 950) == (percentile_ms(counts, 50), percentile_ms(counts, 100))


def test_above_the_last_bound_it_took_at_least_that_bound():
    assert 630_000 == percentile_ms(counted([10**12]), 50)


def test_what_took_longer_than_a_bound_is_counted_exactly():
    assert 2 == count_above(counted([4_999_999, 5_000_000, 5_000_001, 10**12]), 5_000_000)
    with pytest.raises(ValueError, match="not in tuple"):
        count_above([0] * BUCKETS, 5_000_001)
