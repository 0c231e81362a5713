from decimal import Decimal

import msgspec
import pytest

from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    exact_amount,
    is_null,
    priced_tier,
    raw_events,
    reported_cost,
)


def test_an_event_that_is_not_complete_is_held_back():
    cutter = StreamCutter()
    assert b"data: 1\n\n" == cutter.complete(b"data: 1\n\nda")
    assert b"" == cutter.complete(b"ta: 2\n")
    assert b"data: 2\n\n" == cutter.complete(b"\n")
    assert b"" == cutter.rest()


def test_what_is_left_without_an_ending_comes_at_the_end():
    cutter = StreamCutter()
    cutter.complete(b"data: [DONE]")
    assert b"data: [DONE]" == cutter.rest()


def test_endings_with_carriage_returns_are_endings():
    assert b"data: 1\r\n\r\n" == StreamCutter().complete(b"data: 1\r\n\r\ndata")


def test_a_lone_blank_line_passes():
    cutter = StreamCutter()
    cutter.complete(b"\n")
    assert b"\n\n" == cutter.complete(b"\n")


def test_events_come_apart_and_nothing_is_lost():
    stream = b": hello\n\ndata: 1\r\n\r\nevent: x\ndata: 2\n\nrest"
    assert [b": hello\n\n", b"data: 1\r\n\r\n", b"event: x\ndata: 2\n\n", b"rest"] == raw_events(stream)


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        (b"{}", b"data: {}\n\n"),
        (b"{}", b"data:{}\r\n\r\n"),
        (b"{}", b"event: ping\ndata: {}\n\n"),
        (b"a\nb", b"data: a\ndata: b\n\n"),
        (b"", b": comment\n\n"),
        (b"", b"\n\n"),
        (b"{}", b"data: {}"),
    ],
)
def test_the_data_of_an_event(expected: bytes, raw: bytes):
    assert expected == event_data(raw)


@pytest.mark.parametrize("tier", ["default", "auto", "standard", "on_demand", None, 7, ""])
def test_standard_tiers_do_not_change_the_price(tier: object):
    assert priced_tier(tier) is None


def test_the_first_tier_that_changes_the_price_counts():
    assert "flex" == priced_tier("default", None, "flex", "priority")


@pytest.mark.parametrize(
    ("expected", "usage"),
    [
        ("0.00055", b'{"cost":0.00055}'),
        ("0.00015780000000000001", b'{"cost":0.00015780000000000001}'),
        ("0.00546", b'{"cost":{"request_cost":0.005,"total_cost":0.00546}}'),
        ("0.0007056", b'{"cost_in_usd_ticks":7056000}'),
        ("0", b'{"cost":0,"is_byok":true}'),
    ],
)
def test_reported_costs_are_read_digit_by_digit(expected: str, usage: bytes):
    assert Decimal(expected) == reported_cost(as_object(msgspec.Raw(usage)) or {})


@pytest.mark.parametrize(
    "usage", [b"{}", b'{"cost":null}', b'{"cost":"free"}', b'{"cost":-1}', b'{"cost_in_usd_ticks":0}']
)
def test_no_statement_is_no_cost(usage: bytes):
    assert reported_cost(as_object(msgspec.Raw(usage)) or {}) is None


@pytest.mark.parametrize("value", [None, True, "1", -1, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_amount_is_none(value: object):
    assert exact_amount(value) is None


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        ("busy", {"message": "busy", "type": "overloaded_error"}),
        ("overloaded_error", {"type": "overloaded_error"}),
        ("unknown error", {}),
        ("text", "text"),
    ],
)
def test_an_error_tells_its_message(expected: str, error: object):
    assert expected == error_message(error)


def test_absent_and_null_fields_are_null():
    assert is_null(ABSENT)
    assert is_null(msgspec.Raw(b"null"))
    assert not is_null(msgspec.Raw(b"0"))


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"7", b"{"])
def test_only_objects_are_objects(raw: bytes):
    assert as_object(msgspec.Raw(raw)) is None
