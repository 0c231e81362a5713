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
    figures = [found.get(day, Figures()) for day in every]
    labels = [day.isoformat() for day in every] if days else []
    if not costs_shown():
        counts = [each.requests for each in figures]
        return line("Requests per day", "Day (UTC)", labels, Curve("Requests", counts, [f"{n:,}" for n in counts]))
    amounts = [each.amount_nano for each in figures]
    curve = Curve("Cost", [amount / 1_000_000_000 for amount in amounts], [usd(amount) for amount in amounts])
    return line("Cost per day", "Day (UTC)", labels, curve, unit="USD")
