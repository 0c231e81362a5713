import pytest

from headgate.infra.limits import minute
from headgate.snapshot.contract import RateLimit
from tests.kit.limits import counted


@pytest.fixture
def words() -> memoryview:
    return memoryview(bytearray(8 * 2 * minute.WORDS)).cast("q")


def fill(words: memoryview, second: int, *, requests: int = 1, tokens: int = 0, base: int = 0) -> None:
    minute.advance(words, base, second)
    for _ in range(requests):
        minute.count(words, base, tokens)


def rule(**limits: int) -> RateLimit:
    return counted(**limits).rule


def test_what_was_counted_counts_for_a_minute_wherever_it_begins(words: memoryview):
    fill(words, 100, requests=2)
    for second, expected in ((159, 2), (160, 2), (161, 0)):
        minute.advance(words, 0, second)
        assert expected == words[minute.REQUESTS]


def test_seconds_leave_one_by_one(words: memoryview):
    for second in range(100, 200):
        fill(words, second, tokens=second)
    assert (61, sum(range(139, 200))) == (words[minute.REQUESTS], words[minute.TOKENS])


def test_a_long_silence_empties_it(words: memoryview):
    fill(words, 100, tokens=5)
    minute.advance(words, 0, 10_000)
    assert (0, 0) == (words[minute.REQUESTS], words[minute.TOKENS])
    minute.add_up(words, 0)
    assert (0, 0) == (words[minute.REQUESTS], words[minute.TOKENS])


def test_a_second_that_lies_back_is_taken_for_the_newest(words: memoryview):
    fill(words, 100)
    fill(words, 90)
    minute.advance(words, 0, 160)
    assert 2 == words[minute.REQUESTS]


def test_counters_do_not_touch_their_neighbours(words: memoryview):
    fill(words, 100, requests=3, tokens=7)
    fill(words, 100, requests=2, tokens=1, base=minute.WORDS)
    minute.clear(words, minute.WORDS, 101)
    assert (3, 21) == (words[minute.REQUESTS], words[minute.TOKENS])
    assert 0 == words[minute.WORDS + minute.REQUESTS]


def test_a_full_minute_says_when_there_is_room_again(words: memoryview):
    fill(words, 100, requests=3)
    fill(words, 130, requests=2)
    assert None is minute.refusal(words, 0, rule(requests=6), 0)
    assert ("requests", 5, 31) == minute.refusal(words, 0, rule(requests=5), 0)
    # Where the limit was lowered, more than one must leave.
    assert ("requests", 2, 61) == minute.refusal(words, 0, rule(requests=2), 0)


def test_the_wait_is_long_enough(words: memoryview):
    fill(words, 100, requests=3)
    fill(words, 130, requests=2)
    refused = minute.refusal(words, 0, rule(requests=5), 0)
    assert refused is not None
    minute.advance(words, 0, 130 + int(refused.retry_after_s) - 1)
    assert None is not minute.refusal(words, 0, rule(requests=5), 0)
    minute.advance(words, 0, 130 + int(refused.retry_after_s))
    assert None is minute.refusal(words, 0, rule(requests=5), 0)


def test_tokens_are_refused_before_they_are_over_the_limit(words: memoryview):
    fill(words, 100, tokens=60)
    assert None is minute.refusal(words, 0, rule(tokens=100), 40)
    assert ("tokens", 100, 61) == minute.refusal(words, 0, rule(tokens=100), 41)


def test_an_estimate_above_the_limit_fits_when_nothing_else_is_counted(words: memoryview):
    limited = rule(tokens=100)
    assert 100 == minute.needed(limited, 5_000)
    assert 5_000 == minute.needed(rule(requests=1), 5_000)
    assert None is minute.refusal(words, 0, limited, 5_000)
    fill(words, 100, tokens=1)
    assert ("tokens", 100, 61) == minute.refusal(words, 0, limited, 5_000)


def test_requests_at_once_are_refused_for_a_moment(words: memoryview):
    words[minute.RUNNING] = 2
    assert None is minute.refusal(words, 0, rule(concurrency=3), 0)
    assert ("concurrency", 2, 1.0) == minute.refusal(words, 0, rule(concurrency=2), 0)


def test_the_reason_that_lasts_longest_is_given(words: memoryview):
    fill(words, 100, tokens=50)
    fill(words, 140, tokens=50)
    words[minute.RUNNING] = 1
    assert ("tokens", 60, 61) == minute.refusal(words, 0, rule(requests=2, tokens=60, concurrency=1), 60)
    assert ("requests", 2, 21) == minute.refusal(words, 0, rule(requests=2, tokens=1_000, concurrency=1), 60)


def test_tokens_are_corrected_where_they_were_counted(words: memoryview):
    fill(words, 100, tokens=50)
    minute.advance(words, 0, 160)
    minute.correct(words, 0, 100, -20)
    assert 30 == words[minute.TOKENS]
    minute.advance(words, 0, 161)
    assert 0 == words[minute.TOKENS]


def test_a_second_that_left_the_minute_is_not_corrected(words: memoryview):
    fill(words, 100, tokens=50)
    fill(words, 161, tokens=10)
    minute.correct(words, 0, 100, 20)
    assert 10 == words[minute.TOKENS]
    minute.add_up(words, 0)
    assert 10 == words[minute.TOKENS]
