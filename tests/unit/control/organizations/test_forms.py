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
