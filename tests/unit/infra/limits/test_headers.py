import pytest

from headgate.infra.limits.headers import Standing, render_duration, render_headers


@pytest.mark.parametrize(
    ("expected", "seconds"), [(b"1s", 1), (b"59s", 59), (b"1m0s", 60), (b"6m0s", 360), (b"1m1s", 61)]
)
def test_durations_look_as_openai_writes_them(expected: bytes, seconds: int):
    assert expected == render_duration(seconds)


def test_the_limit_of_which_least_remains_is_shown_for_requests_and_tokens_apart():
    requests = [Standing(100, 60), Standing(50, 40), Standing(1_000, 900)]
    tokens = [Standing(10_000, 500), Standing(200_000, 400)]
    expected = (
        (b"x-ratelimit-limit-requests", b"50"),
        (b"x-ratelimit-remaining-requests", b"40"),
        (b"x-ratelimit-reset-requests", b"1m1s"),
        (b"x-ratelimit-limit-tokens", b"200000"),
        (b"x-ratelimit-remaining-tokens", b"400"),
        (b"x-ratelimit-reset-tokens", b"1m1s"),
    )
    assert expected == render_headers(requests, tokens)


def test_what_is_not_limited_has_no_header():
    assert () == render_headers([], [])
    assert [b"x-ratelimit-limit-tokens"] == [name for name, _ in render_headers([], [Standing(5, 5)])][:1]


def test_less_than_nothing_never_remains():
    assert (b"x-ratelimit-remaining-requests", b"0") == render_headers([Standing(5, -3)], [])[1]
