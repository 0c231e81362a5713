import pytest

from headgate.control.organizations.forms import OrganizationForm
from headgate.control.organizations.models import Organization

pytestmark = pytest.mark.django_db


def given(**changes: str) -> dict[str, str]:
    return {"name": "Acme", "critical_tasks": "", **changes}


def test_a_new_organization_is_offered_the_default_tasks():
    assert "ads_copy\nbrand_voice" == OrganizationForm().initial["critical_tasks"]


def test_tasks_are_lines_and_each_counts_once():
    form = OrganizationForm(given(critical_tasks=" billing \n\nads_copy\nbilling", open_model="llama"))
    assert form.is_valid()
    assert (["billing", "ads_copy"], "llama") == (form.save(commit=False).critical_tasks, form.instance.open_model)


def test_no_task_is_critical_when_none_is_written():
    row = Organization(name="Acme", critical_tasks=["billing"])
    form = OrganizationForm(given(), instance=row)
    assert form.is_valid()
    assert "critical_tasks" in form.changed_data
    assert [] == form.save(commit=False).critical_tasks


def test_time_limits_are_lines_and_are_shown_as_they_are_stored():
    form = OrganizationForm(given(task_timeouts_ms=" autocomplete=2000\n\na = b = 5 "))
    assert form.is_valid()
    assert {"autocomplete": 2000, "a = b": 5} == form.save(commit=False).task_timeouts_ms
    assert "autocomplete = 2000\na = b = 5" == OrganizationForm(instance=form.instance).initial["task_timeouts_ms"]


@pytest.mark.parametrize(
    "line",
    ["autocomplete", "= 5", "a = 0", "a = -1", "a = 1.5", "a = 3600001", "a = 9999999999", "a = 5\na = 6", "a = ²"],
)
def test_a_line_that_is_no_time_limit_is_refused(line: str):
    assert ["task_timeouts_ms"] == list(OrganizationForm(given(task_timeouts_ms=line)).errors)
