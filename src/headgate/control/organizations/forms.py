"""The form of an organization: lists as people write them."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from headgate.control.organizations.models import Organization, default_critical_tasks


class OrganizationForm(forms.ModelForm):
    """Everything but the groups and people of an organization."""

    critical_tasks = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One task per line: may go above the limit of a soft budget, up to its hard limit.",
    )

    class Meta:
        model = Organization
        fields = (
            *("name", "enabled", "shared_deployments", "unpriced_allowed", "capture_content"),
            *("open_model", "critical_tasks"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the list as lines."""
        super().__init__(*args, **kwargs)
        # A list in the column; the initial value must be what the widget shows, or every save counts as a change.
        tasks = self.instance.critical_tasks if self.instance.name else default_critical_tasks()
        self.initial["critical_tasks"] = "\n".join(tasks)

    def clean_critical_tasks(self) -> list[str]:
        """Return the tasks, each once, in the order in which they were written."""
        lines = str(self.cleaned_data["critical_tasks"]).splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))
