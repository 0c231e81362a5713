import datetime as dt
from decimal import Decimal

import pytest

from headgate.control.display import link, milliseconds, moment, tokens, usd, usd_of, wording
from headgate.control.requestlog.models import RequestLog


@pytest.mark.parametrize(
    ("expected", "nano"),
    [
        ("$0.00", 0),
        ("$0.000000001", 1),
        ("$0.10", 100_000_000),
        ("$1,204.50", 1_204_500_000_000),
        ("$9,007,199,254.740993", 9_007_199_254_740_993_000),
        ("unpriced", None),
    ],
)
def test_amounts_are_exact_and_have_at_least_cents(expected: str, nano: int | None):
    assert expected == usd(nano)


def test_prices_keep_their_decimals():
    assert "$2.000000000001" == usd_of(Decimal("2.000000000001"))


def test_tokens_name_their_parts_and_absent_usage_is_not_zero():
    assert "1,234 (1,200 + 34)" == tokens(1234, 1200, 34)
    assert "-" == tokens(None, None, None)


def test_what_is_no_token_is_named():
    assert "2 images" == tokens(0, 0, 0, {"image": 2})
    assert "1 second of sound" == tokens(0, 0, 0, {"audio_second": 1})
    assert "5 (4 + 1), 1,203 seconds of sound" == tokens(5, 4, 1, {"input": 4, "output": 1, "audio_second": 1203})
    assert "1,234 (1,200 + 34)" == tokens(1234, 1200, 34, {"input": 1200, "output": 34})
    assert "-" == tokens(None, None, None, None)


@pytest.mark.parametrize(("expected", "ms"), [("0.4 ms", 0.4), ("12 ms", 12.3), ("3.4 s", 3400), ("-", None)])
def test_durations_read_well(expected: str, ms: float | None):
    assert expected == milliseconds(ms)


def test_moments_are_utc():
    east = dt.timezone(dt.timedelta(hours=2))
    assert "2026-01-01 10:00:00" == moment(dt.datetime(2026, 1, 1, 12, tzinfo=east))
    assert "-" == moment(None)


def test_zero_is_a_value_and_nothing_is_a_dash():
    assert ["0", "-", "-"] == [wording(0), wording(None), wording("")]


def test_a_link_quotes_ids_so_that_the_page_finds_them():
    html = link(RequestLog(pk="aigw_17_<x>"), "<b>")
    assert "aigw_5F17_5F_3Cx_3E" in html
    assert "&lt;b&gt;" in html
