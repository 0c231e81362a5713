import json

from headgate.control.pages.charts import Curve, bars, line

DAYS = ["2026-11-01", "2026-11-02"]


def test_a_line_is_drawn_from_numbers_and_told_exactly():
    chart = line("Cost per day", "Day", DAYS, Curve("Cost", [0.1, None], ["$0.10", "-"]), unit="USD")
    assert (chart.kind, chart.headers, chart.rows) == (
        "line",
        ["Day", "Cost"],
        [["2026-11-01", "$0.10"], ["2026-11-02", "-"]],
    )
    drawn, options = json.loads(chart.value), json.loads(chart.options)
    assert drawn["labels"] == DAYS
    assert [0.1, None] == drawn["datasets"][0]["data"]
    assert options["scales"]["y"]["title"] == {"display": True, "text": "USD", "color": "#9ca3af"}
    assert options["plugins"]["legend"]["display"] is False


def test_several_curves_have_colours_and_a_legend():
    chart = bars("x", "Day", DAYS, Curve("a", [1, 2], ["1", "2"]), Curve("b", [3, 4], ["3", "4"]), stacked=True)
    drawn, options = json.loads(chart.value), json.loads(chart.options)
    assert 2 == len({each["borderColor"] for each in drawn["datasets"]})
    assert options["plugins"]["legend"]["display"] is True
    assert options["scales"]["x"]["stacked"] is True
    assert chart.rows[1] == ["2026-11-02", "2", "4"]
    assert not chart.empty


def test_a_chart_without_stretches_is_empty():
    assert line("x", "Day", [], Curve("a", [], [])).empty
