"""The form of an organization: lists as people write them."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from headgate.control.organizations.models import LONGEST_TIMEOUT_MS, Organization, default_critical_tasks


class OrganizationForm(forms.ModelForm):
    """Everything but the groups and people of an organization."""

    critical_tasks = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One task per line: may go above the limit of a soft budget, up to its hard limit.",
    )

    task_timeouts_ms = forms.CharField(
        label="Time limits of tasks",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "placeholder": "autocomplete = 2000"}),
        help_text="One task per line: task = milliseconds. How long one attempt may take until its answer begins "
        "(streamed) or is whole; a task without a line has the deployment's limit.",
    )

    class Meta:
        model = Organization
        fields = (
            *("name", "enabled", "shared_deployments", "unpriced_allowed", "capture_content"),
            *("open_model", "critical_tasks", "task_timeouts_ms", "members_may_create_keys"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the list as lines."""
        super().__init__(*args, **kwargs)
        # A list in the column; the initial value must be what the widget shows, or every save counts as a change.
        tasks = self.instance.critical_tasks if self.instance.name else default_critical_tasks()
        self.initial["critical_tasks"] = "\n".join(tasks)

        limits: dict[str, int] = self.instance.task_timeouts_ms
        self.initial["task_timeouts_ms"] = "\n".join(f"{task} = {limit}" for task, limit in limits.items())

    def clean_task_timeouts_ms(self) -> dict[str, int]:
        """Return milliseconds by task.

        Raises:
            ValidationError: a line is no limit of a task, or a task has two.
        """
        limits: dict[str, int] = {}
        for line in filter(str.strip, str(self.cleaned_data["task_timeouts_ms"]).splitlines()):
            # From the right: a task may be called anything.
            task, _, figure = (part.strip() for part in line.rpartition("="))
            if not task or not figure.isdecimal() or not 0 < int(figure[:9]) <= LONGEST_TIMEOUT_MS or len(figure) > 9:
                raise forms.ValidationError(
                    f"{line.strip()[:80]!r}: write task = milliseconds, from 1 to {LONGEST_TIMEOUT_MS}."
                )
            if task in limits:
                raise forms.ValidationError(f"{task!r} has two limits.")
            limits[task] = int(figure)
        return limits

    def clean_critical_tasks(self) -> list[str]:
        """Return the tasks, each once, in the order in which they were written."""
        lines = str(self.cleaned_data["critical_tasks"]).splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))
