import pytest

from headgate.control.budgets.forms import BudgetForm, NewBudgetForm, ReasonForm
from headgate.control.budgets.operations import create_budget

pytestmark = pytest.mark.django_db


def test_zones_and_currencies_are_those_that_are_known():
    form = NewBudgetForm()
    assert {"UTC", "Asia/Kathmandu"} <= {value for value, _ in form.fields["time_zone"].choices}
    assert {"USD", "EUR", "GBP"} <= {value for value, _ in form.fields["currency"].choices}


def test_the_operator_s_scopes_are_not_offered_to_others():
    theirs = type("Form", (NewBudgetForm,), {"operator": False})()
    assert {"system", "organization"} == {value for value, _ in NewBudgetForm().fields["scope"].choices if value} - {
        value for value, _ in theirs.fields["scope"].choices
    }


def test_a_limit_is_checked_with_the_currency_that_the_budget_has():
    budget = create_budget(name="b", scope="system", period="day", limit=1, currency="GBP")
    given = {"name": "b", "period": "day", "time_zone": "UTC", "limit": "4000000000"}
    form = BudgetForm(given, instance=budget)
    assert not form.is_valid()
    assert ["limit"] == list(form.errors)


def test_a_limit_is_shown_without_idle_zeros():
    budget = create_budget(name="b", scope="system", period="day", limit="1000.50")
    budget.refresh_from_db()
    assert "1000.5" == str(BudgetForm(instance=budget).initial["limit"])


def test_a_reason_is_not_empty():
    assert ["reason"] == list(ReasonForm({"reason": "  ", "given_id": "1"}).errors)
