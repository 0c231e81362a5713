import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.budget import Period
from headgate.ledger.calendar import calendar, edge_at, edges, first_instant, zone

ZONES = sorted(available_timezones())
MOMENTS = st.integers(int(dt.datetime(1980, 1, 1, tzinfo=dt.UTC).timestamp()), 4_000_000_000)


def utc(text: str) -> int:
    return int(dt.datetime.fromisoformat(text + "+00:00").timestamp())


@pytest.mark.parametrize(
    ("expected", "zone_name", "day"),
    [
        ("2026-11-20T00:00:00", "UTC", "2026-11-20"),
        ("2026-03-28T23:00:00", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:00:00", "Europe/Berlin", "2026-03-30"),
        # Midnight does not exist: the day starts at one o'clock.
        ("2018-11-04T03:00:00", "America/Sao_Paulo", "2018-11-04"),
        ("2022-03-26T22:00:00", "Asia/Beirut", "2022-03-27"),
        # Midnight would come twice: at 24:00 it is 23:00 of the same day again.
        ("2018-02-18T03:00:00", "America/Sao_Paulo", "2018-02-18"),
        ("2022-10-29T22:00:00", "Asia/Beirut", "2022-10-30"),
        # Midnight comes twice: at 00:01 it is 23:01 of the day before, which keeps the first one's label.
        ("2010-11-07T02:30:00", "America/St_Johns", "2010-11-07"),
        ("2026-11-19T18:15:00", "Asia/Kathmandu", "2026-11-20"),
        ("2026-11-19T18:30:00", "Asia/Kolkata", "2026-11-20"),
    ],
)
def test_a_day_starts_at_the_first_instant_that_bears_its_date(expected: str, zone_name: str, day: str):
    assert utc(expected) == first_instant(dt.date.fromisoformat(day), ZoneInfo(zone_name))


def test_a_date_that_a_zone_skipped_has_no_window():
    around = edges(Period.DAY, ZoneInfo("Pacific/Apia"), now=utc("2011-12-30T12:00:00"))
    labels = [edge.label for edge in around]
    assert ["2011-12-29", "2011-12-31", "2012-01-01"] == [
        label for label in labels if "2011-12-28" < label < "2012-01-02"
    ]


def test_a_month_starts_with_its_first_day_even_where_that_day_was_skipped():
    around = edges(Period.MONTH, ZoneInfo("Pacific/Kiritimati"), now=utc("1995-01-15T00:00:00"))
    assert ["1994-12", "1995-01"] == [edge.label for edge in around][:2]
    assert utc("1994-12-31T10:00:00") == around[1].starts_at


def test_a_day_of_a_change_of_the_clocks_is_23_or_25_hours_long():
    where = zone("Europe/Berlin")
    hours = [
        (edge.ends_at - edge.starts_at) // 3600
        for now in ("2026-03-29T12:00:00", "2026-10-25T12:00:00")
        for edge in [edge_at(Period.DAY, where, now=utc(now))]
    ]
    assert [23, 25] == hours


def test_a_total_has_one_window_for_ever():
    assert [("total", 0, None)] == [
        (edge.label, edge.starts_at, edge.ends_at) for edge in calendar(Period.TOTAL, "Asia/Tokyo", now=5.5).edges
    ]


def test_a_calendar_reaches_from_the_past_well_into_the_future():
    now = utc("2026-11-20T19:00:00")
    days, months = (calendar(period, "Europe/Berlin", now=now) for period in (Period.DAY, Period.MONTH))
    assert ("day:Europe/Berlin", "2026-11-18", "2027-01-19") == (days.id, days.edges[0].label, days.edges[-1].label)
    assert ("month:Europe/Berlin", "2026-10", "2028-01") == (months.id, months.edges[0].label, months.edges[-1].label)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe", "Europe/Berlin\0"])
def test_an_unknown_zone_is_named(name: str):
    with pytest.raises(ValueError, match=r"."):
        zone(name)


@pytest.mark.parametrize("period", [Period.DAY, Period.MONTH])
@given(name=st.sampled_from(ZONES), now=MOMENTS)
def test_windows_ascend_without_gaps_and_bear_the_instants_inside_them(period: Period, name: str, now: int):
    where = zone(name)
    around = edges(period, where, now=now)
    assert all(before.ends_at == after.starts_at for before, after in pairwise(around))
    assert all(edge.starts_at < edge.ends_at for edge in around)
    assert sorted({edge.label for edge in around}) == [edge.label for edge in around]
    current = edge_at(period, where, now=now)
    assert current.starts_at <= now < current.ends_at
    # The label is the local date's, or the clocks were put back over midnight and it is the later one's.
    local = dt.datetime.fromtimestamp(now, tz=where).date().isoformat()
    assert current.label >= local[: len(current.label)]
    first = dt.datetime.fromtimestamp(current.starts_at, tz=where).date().isoformat()
    before = dt.datetime.fromtimestamp(current.starts_at - 1, tz=where).date().isoformat()
    if period is Period.DAY:
        assert (current.label, True) == (first, before != current.label)


@given(name=st.sampled_from(ZONES), now=MOMENTS)
def test_two_nodes_agree_on_the_windows_that_both_know(name: str, now: int):
    where = zone(name)
    today, tomorrow = (edges(Period.DAY, where, now=at) for at in (now, now + 86_400))
    assert {edge.label: edge for edge in today} | {edge.label: edge for edge in tomorrow} == {
        **{edge.label: edge for edge in tomorrow},
        **{edge.label: edge for edge in today},
    }
