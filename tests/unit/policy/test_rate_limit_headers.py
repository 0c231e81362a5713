import pytest

from headgate.policy.rate_limit_headers import Standing, exceeded_headers, render_duration, render_headers
from headgate.policy.rate_limits import Counted, Exceeded
from headgate.snapshot.contract import RateLimit


@pytest.mark.parametrize(
    ("expected", "seconds"), [(b"1s", 1), (b"59s", 59), (b"1m0s", 60), (b"6m0s", 360), (b"1m1s", 61)]
)
def test_durations_look_as_openai_writes_them(expected: bytes, seconds: int):
    assert expected == render_duration(seconds)


def test_the_limit_of_which_least_remains_is_shown_for_requests_and_tokens_apart():
    requests = [Standing(60, 100), Standing(40, 50), Standing(900, 1_000)]
    tokens = [Standing(500, 10_000), Standing(400, 200_000)]
    expected = [
        (b"x-ratelimit-limit-requests", b"50"),
        (b"x-ratelimit-remaining-requests", b"40"),
        (b"x-ratelimit-reset-requests", b"1m1s"),
        (b"x-ratelimit-limit-tokens", b"200000"),
        (b"x-ratelimit-remaining-tokens", b"400"),
        (b"x-ratelimit-reset-tokens", b"1m1s"),
    ]
    assert expected == render_headers(requests, tokens, reset=b"1m1s")


def test_what_is_not_limited_has_no_header():
    assert [] == render_headers([], [], reset=b"1m1s")
    assert b"x-ratelimit-limit-tokens" == render_headers([], [Standing(5, 5)], reset=b"1m1s")[0][0]


def test_less_than_nothing_never_remains():
    assert (b"x-ratelimit-remaining-requests", b"0") == render_headers([Standing(-3, 5)], [], reset=b"1m1s")[1]


def refused(what: str) -> dict[bytes, bytes]:
    rule = RateLimit(id="r", organization_id=None, scope="key")
    return dict(exceeded_headers(Exceeded(Counted(rule, "k"), what, 10, 30.2)))


def test_a_refusal_shows_the_limit_that_refused():
    assert {
        b"x-ratelimit-limit-requests": b"10",
        b"x-ratelimit-remaining-requests": b"0",
        b"x-ratelimit-reset-requests": b"31s",
    } == refused("requests")


def test_a_refusal_does_not_say_what_it_does_not_know():
    assert {b"x-ratelimit-limit-tokens": b"10", b"x-ratelimit-reset-tokens": b"31s"} == refused("tokens")
    assert {} == refused("concurrency")
