"""What was spent day by day, as a chart."""

import datetime as dt
from collections.abc import Sequence

from headgate.control.display import usd
from headgate.control.pages.charts import Chart, Curve, line
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Line, Span
from headgate.control.tracking import costs_shown


def chart_of_days(days: Sequence[Line], span: Span) -> Chart:
    """Draw cost per day, or requests where costs are not shown; days on which nothing happened are 0.

    Args:
        days: a breakdown by the day; nothing at all is drawn when there are none.
        span: of which days.
    """
    found = {each.values[0]: each.figures for each in days}
    every = [span.since + dt.timedelta(days=number) for number in range((span.until - span.since).days)]
    labels = [day.isoformat() for day in every] if days else []
    return chart_of("day", "Day (UTC)", labels, [found.get(day, Figures()) for day in every])


def chart_of(every: str, over: str, labels: Sequence[str], figures: Sequence[Figures]) -> Chart:
    """Draw the cost of each stretch of time, or requests where costs are not shown.

    Args:
        every: what a stretch is, in a word.
        over: heads the labels.
        labels: one for each stretch.
        figures: one for each stretch.
    """
    if not costs_shown():
        counts = [each.requests for each in figures]
        return line(f"Requests per {every}", over, labels, Curve("Requests", counts, [f"{n:,}" for n in counts]))
    # A picture needs no more digits than a float has; the table below it has all of them.
    drawn = [float(each.cost_usd) for each in figures]
    told = [usd(each.amount_nano) for each in figures]
    return line(f"Cost per {every}", over, labels, Curve("Cost", drawn, told), unit="USD")
