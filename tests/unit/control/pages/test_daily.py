import datetime as dt

import pytest

from headgate.control.pages.daily import chart_of_days
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Line, Span
from headgate.domain.money import NanoUsd

SPAN = Span(dt.date(2026, 11, 1), dt.date(2026, 11, 4))
DAYS = [Line((dt.date(2026, 11, 2),), Figures(requests=3, amount_nano=NanoUsd(1_250_000_001)))]


def test_every_day_is_drawn_also_those_on_which_nothing_happened():
    chart = chart_of_days(DAYS, SPAN)
    assert [["2026-11-01", "$0.00"], ["2026-11-02", "$1.250000001"], ["2026-11-03", "$0.00"]] == chart.rows
    assert chart_of_days([], SPAN).empty


@pytest.mark.usefixtures("costs_hidden")
def test_requests_are_drawn_where_costs_are_not_shown():
    chart = chart_of_days(DAYS, SPAN)
    assert ("Requests per day", ["2026-11-02", "3"]) == (chart.title, chart.rows[1])
