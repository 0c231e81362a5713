"""Charts: what unfold's own script draws with Chart.js out of attributes of a canvas, and the same figures as a table.

{% include "headgate/chart.html" with chart=cost_per_day %}
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

COLOURS = ("var(--color-primary-600)", "#0d9488", "#d97706", "#dc2626", "#64748b")
_GREY = "#9ca3af"


class Curve(NamedTuple):
    """One line, or the bars of one colour."""

    name: str
    points: Sequence[float | int | None]
    """As they are drawn; None leaves a gap."""
    shown: Sequence[str]
    """As they are written in the table, exactly."""


class Chart(NamedTuple):
    """One picture, and everything that the template needs for it."""

    title: str
    kind: str
    """`line` or `bar`."""
    value: str
    """What Chart.js draws, as JSON."""
    options: str
    headers: list[str]
    rows: list[list[str]]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.rows


def line(title: str, over: str, labels: Sequence[str], *curves: Curve, unit: str = "") -> Chart:
    """Draw curves over time. `over` heads the labels in the table, `unit` stands at the axis."""
    return _chart(title, "line", over, labels, curves, unit)


def bars(title: str, over: str, labels: Sequence[str], *curves: Curve, unit: str = "", stacked: bool = False) -> Chart:
    """Draw bars, side by side or one on the other."""
    return _chart(title, "bar", over, labels, curves, unit, stacked=stacked)


def _chart(
    title: str,
    kind: str,
    over: str,
    labels: Sequence[str],
    curves: Sequence[Curve],
    unit: str,
    *,
    stacked: bool = False,
) -> Chart:
    datasets = [
        {"label": curve.name, "data": list(curve.points), "borderColor": colour, "backgroundColor": colour}
        for curve, colour in zip(curves, COLOURS, strict=False)
    ]
    rows = [
        [label, *(curve.shown[position] for curve in curves)]
        for position, label in enumerate(labels)
    ]  # fmt: skip
    return Chart(
        title=title,
        kind=kind,
        value=json.dumps({"labels": list(labels), "datasets": datasets}),
        options=json.dumps(_options(unit, legend=len(curves) > 1, stacked=stacked)),
        headers=[over, *(curve.name for curve in curves)],
        rows=rows,
    )


def _options(unit: str, *, legend: bool, stacked: bool) -> dict[str, Any]:
    ticks = {"color": _GREY, "maxRotation": 0, "autoSkip": True, "autoSkipPadding": 16}
    named = {"display": bool(unit), "text": unit, "color": _GREY}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "elements": {"line": {"borderWidth": 2, "tension": 0.2}, "point": {"radius": 2}},
        "datasets": {"bar": {"maxBarThickness": 24, "borderRadius": 3}},
        "plugins": {"legend": {"display": legend, "align": "end", "labels": {"color": _GREY, "boxWidth": 10}}},
        "scales": {
            "x": {"stacked": stacked, "grid": {"display": False}, "ticks": ticks},
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "grid": {"lineWidth": 1},
                "ticks": {"color": _GREY},
                "title": named,
            },
        },
    }
