from decimal import Decimal

import pytest

from headgate.control.budgets.environment import budget_defaults
from headgate.control.environment import SettingsError


def limits(environ: dict[str, str]) -> list[Decimal | None]:
    return [budget.limit for budget in budget_defaults(environ).budgets]


def test_an_empty_environment_gives_the_defaults():
    defaults = budget_defaults({})
    assert [Decimal(1000), Decimal(5), None] == limits({})
    assert [("system", "month"), ("user", "day"), ("user", "month")] == [
        (budget.scope.value, budget.period.value) for budget in defaults.budgets
    ]
    assert (True, Decimal(2)) == (defaults.tracking, defaults.soft_multiplier)


def test_a_limit_can_be_set_exactly_and_switched_off():
    environ = {
        "AI_MONTHLY_SPEND_LIMIT_USD": "0.000000001",
        "AI_USER_DAILY_SPEND_LIMIT_USD": "None",
        "AI_USER_MONTHLY_SPEND_LIMIT_USD": " 0 ",
    }
    assert [Decimal("0.000000001"), None, Decimal(0)] == limits(environ)


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "ten", "1,000", "$5", "1e"])
@pytest.mark.parametrize("variable", ["AI_MONTHLY_SPEND_LIMIT_USD", "AI_USER_MONTHLY_SPEND_LIMIT_USD"])
def test_nonsense_names_the_variable(variable: str, text: str):
    with pytest.raises(SettingsError, match=f"^{variable} is "):
        budget_defaults({variable: text})


@pytest.mark.parametrize("text", ["0.5", "1001", "nan", "x", "1.0000001", "-2"])
def test_a_soft_multiplier_below_one_or_absurd_is_refused(text: str):
    with pytest.raises(SettingsError, match="AI_BUDGET_SOFT_LIMIT_MULTIPLIER"):
        budget_defaults({"AI_BUDGET_SOFT_LIMIT_MULTIPLIER": text})


@pytest.mark.parametrize(("expected", "text"), [(False, "false"), (False, "0"), (True, "TRUE"), (True, "")])
def test_tracking_is_a_switch(expected: bool, text: str):
    assert expected == budget_defaults({"AI_COST_TRACKING_ENABLED": text}).tracking


def test_a_switch_that_is_neither_on_nor_off_is_refused():
    with pytest.raises(SettingsError, match="AI_COST_TRACKING_ENABLED is 'maybe'"):
        budget_defaults({"AI_COST_TRACKING_ENABLED": "maybe"})
