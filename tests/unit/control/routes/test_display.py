import pytest

from headgate.control.routes.display import report_table, share
from headgate.control.routes.report import ArmFigures, Report
from headgate.domain.money import NanoUsd

REPORT = Report(
    [
        ArmFigures("old", 1_500, 30, NanoUsd(1_234_567_890), 2, 1_000_000, 812.4, 3_400.0),
        ArmFigures("new", 500, 0, NanoUsd(500), 0, 7, 9.0, 10.0),
        ArmFigures("idle", 0, 0, NanoUsd(0), 0, 0, None, None),
    ],
    whole=True,
)


def test_an_arm_is_a_row_with_its_share_its_errors_and_its_exact_cost():
    shown = report_table(REPORT, 7)
    old = ["old", "1,500", "75.0%", "30 (2.0%)", "$1.23456789 + 2 unpriced", "$0.000824144", "1,000,000"]
    assert [*old, "812 ms", "3.4 s"] == shown["table"]["rows"][0]
    assert ["idle", "0", "0.0%", "0", "$0.00", "-", "0", "-", "-"] == shown["table"]["rows"][2]
    assert (2_000, ["1 day", "7 days", "30 days"]) == (shown["requests"], [each["title"] for each in shown["periods"]])
    assert [False, True, False] == [each["shown"] for each in shown["periods"]]


@pytest.mark.usefixtures("costs_hidden")
def test_where_costs_are_not_shown_there_are_none():
    table = report_table(REPORT, 1)["table"]
    assert {len(table["headers"])} == {len(row) for row in table["rows"]}
    assert not any("$" in cell for row in table["rows"] for cell in row)


def test_a_share_of_nothing_is_a_dash():
    assert ("-", "33.3%", "100.0%") == (share(0, 0), share(1, 3), share(5, 5))
