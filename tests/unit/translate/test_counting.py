from decimal import Decimal

import pytest

from headgate.domain.usage import Unit
from headgate.translate.counting import LARGEST_COUNT, UnreadableError, count, member, put, whole

NOT_COUNTS = ["7", True, -1, 1.5, [], {}, LARGEST_COUNT + 1, float("nan"), float("inf")]


@pytest.mark.parametrize("value", NOT_COUNTS)
def test_a_part_that_is_no_count_is_nothing(value: object):
    assert 0 == count({"a": value}, "a")


@pytest.mark.parametrize("value", NOT_COUNTS)
def test_a_whole_that_is_no_count_makes_everything_unknown(value: object):
    with pytest.raises(UnreadableError):
        whole({"a": value}, "a")


@pytest.mark.parametrize("value", [7, 7.0, Decimal(7)])
def test_counts_are_read_whatever_number_they_are(value: object):
    assert (7, 7) == (count({"a": value}, "a"), whole({"a": value}, "a"))


def test_absent_figures_are_zero():
    assert (0, 0, 0) == (count({}, "a"), whole({}, "a"), whole({"a": None}, "a"))


def test_only_objects_are_members():
    assert [{"b": 1}, {}, {}] == [member(holder, "a") for holder in ({"a": {"b": 1}}, {"a": 3}, {})]


def test_a_bucket_adds_up_and_takes_nothing_that_is_not_positive():
    buckets: dict[Unit, int] = {}
    for quantity in (3, 0, -2, 4):
        put(buckets, Unit.INPUT, quantity)
    assert {Unit.INPUT: 7} == buckets
