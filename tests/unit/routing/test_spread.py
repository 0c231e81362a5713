import random
from collections import Counter

import pytest

from headgate.routing.spread import assigned, drawn


def test_a_number_falls_into_the_share_that_it_lies_in():
    firsts = [drawn("abc", [1, 2, 1], pick)[0][0] for pick in (0.0, 0.24, 0.25, 0.74, 0.75, 0.999)]
    assert list("aabbcc") == firsts


def test_all_are_drawn_once():
    assert [] == drawn([], [], 0.5)[0]
    assert ["a"] == drawn(["a"], [7], 0.5)[0]
    assert "abcd" == "".join(sorted(drawn("abcd", [1, 50, 3, 9], 0.77)[0]))


def test_what_is_left_of_a_number_is_a_number_again():
    assert ("a", 0.5) == (drawn("ab", [1, 1], 0.25)[0][0], drawn("ab", [1, 1], 0.25)[1])
    left = [drawn("abc", [3, 1, 2], number / 10_000)[1] for number in range(10_000)]
    assert all(0 <= each < 1 for each in left)
    assert 0.49 < sum(left) / len(left) < 0.51


def test_the_second_is_drawn_among_those_that_are_left():
    orders = Counter("".join(drawn("abc", [2, 1, 1], number / 40_000)[0]) for number in range(40_000))
    # P(abc) = 1/2 * 1/2, P(bac) = 1/4 * 2/3, P(bca) = 1/4 * 1/3.
    expected = {"abc": 0.25, "acb": 0.25, "bac": 1 / 6, "bca": 1 / 12, "cab": 1 / 6, "cba": 1 / 12}
    assert expected == {order: pytest.approx(count / 40_000, abs=0.001) for order, count in orders.items()}


@pytest.mark.parametrize("weights", [[1, 1], [9, 1], [1, 2, 3, 4]])
def test_askers_are_shared_out_in_proportion_to_the_weights(weights: list[int]):
    names = [f"arm{index}" for index in range(len(weights))]
    counts = Counter(assigned("r", names, weights, f"user{number}") for number in range(20_000))
    for index, weight in enumerate(weights):
        assert weight / sum(weights) == pytest.approx(counts[index] / 20_000, abs=0.015)


def test_an_asker_stays_and_another_route_shares_out_anew():
    chance = random.Random(1)
    askers = [str(chance.random()) for _ in range(2_000)]
    one, again, other = ([assigned(salt, "ab", [1, 1], asker) for asker in askers] for salt in ("r", "r", "s"))
    assert one == again
    both = sum(left == right for left, right in zip(one, other, strict=True))
    assert 900 < both < 1_100


def test_a_name_that_is_added_takes_askers_only_for_itself():
    askers = [f"user{number}" for number in range(5_000)]
    before = ["ab"[assigned("r", "ab", [1, 1], asker)] for asker in askers]
    after = ["abc"[assigned("r", "abc", [1, 1, 1], asker)] for asker in askers]
    moved = {(old, new) for old, new in zip(before, after, strict=True) if old != new}
    assert {("a", "c"), ("b", "c")} == moved


def test_a_weight_that_grows_only_wins_and_the_order_of_the_names_does_not_matter():
    askers = [f"user{number}" for number in range(5_000)]
    before = ["abc"[assigned("r", "abc", [1, 1, 1], asker)] for asker in askers]
    after = ["abc"[assigned("r", "abc", [1, 3, 1], asker)] for asker in askers]
    turned = ["cab"[assigned("r", "cab", [1, 1, 3], asker)] for asker in askers]
    assert {"b"} == {new for old, new in zip(before, after, strict=True) if old != new}
    assert after == turned
