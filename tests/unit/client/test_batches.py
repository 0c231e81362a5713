import pytest

from headgate.client import BatchFailed, HeadgateError
from headgate.client.batches import settled


def test_an_empty_batch_has_no_answers():
    assert [] == settled([])


def test_the_first_error_is_told_and_all_are_kept():
    first, second = HeadgateError("one"), HeadgateError("two")
    with pytest.raises(BatchFailed, match="2 of 2 requests failed; the first: one") as failed:
        settled([first, second])
    assert (first, second) == failed.value.results
