import pytest

from headgate.routing.retries import MAX_WAIT_S, RetryBudget, wait_before


def test_a_storm_of_failures_is_not_answered_with_a_storm_of_retries():
    budget = RetryBudget(0)
    retried = 0
    for _ in range(1_000):
        budget.request()
        retried += budget.take(0)
    # A fifth of them, and the few that were there in the beginning.
    assert 1_000 // 5 + 10 - 1 <= retried <= 1_000 // 5 + 10


def test_a_lone_request_may_always_be_tried_again():
    budget = RetryBudget(0)
    while budget.take(0):
        pass
    assert not budget.take(0.5)
    assert budget.take(1.5)


def test_waits_are_anything_up_to_a_bound_that_doubles():
    assert [0.25, 0.5, 1.0] == [wait_before(retry, chance=1, retry_after_s=None) for retry in (1, 2, 3)]
    assert 0 == wait_before(3, chance=0, retry_after_s=None)
    assert MAX_WAIT_S == wait_before(30, chance=1, retry_after_s=None)


@pytest.mark.parametrize(("asked", "wait"), [(2, 2.1), (0, 0), (MAX_WAIT_S, MAX_WAIT_S * 1.05), (MAX_WAIT_S + 1, None)])
def test_what_the_provider_asks_for_is_waited_for_in_full_or_not_at_all(asked: float, wait: float | None):
    assert wait == wait_before(1, chance=0.5, retry_after_s=asked)
