"""The form of a policy: lists as people write them, one entry per line."""

from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from headgate.control.keys.queries import ATTRIBUTION_FIELDS
from headgate.control.policies.checks import check_policy
from headgate.control.policies.models import Policy
from headgate.providers.table import PROVIDERS

LISTS = ("allowed_models", "blocked_models", "allowed_providers", "allowed_tasks")
AMOUNTS = ("max_cost_per_request_eur", "max_cost_per_day_eur")
_GLOBS = (
    "One name per line, whatever its letter case; * stands for anything. gpt-4 also means openai/gpt-4, and only "
    "that; gpt-4* means its variants too."
)


def _lines(label: str, help_text: str) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


class PolicyForm(forms.ModelForm):
    """A policy."""

    allowed_models = _lines("allowedModels", f"{_GLOBS} Empty: every model.")
    blocked_models = _lines("blockedModels", f"{_GLOBS} A model on both lists is blocked.")
    allowed_providers = _lines(
        "allowedProviders", f"One per line. Empty: every provider. There are {', '.join(sorted(PROVIDERS))}."
    )
    allowed_tasks = _lines(
        "allowedTasks",
        "One per line, as sent in x-headgate-task. Empty: every task, and none. "
        "With a list, a request without a task is blocked.",
    )
    required_attribution = forms.MultipleChoiceField(
        label="requiredAttribution",
        required=False,
        choices=[(name, name) for name in ATTRIBUTION_FIELDS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What every request must say of whom it is charged to, by itself or through its key's defaults.",
    )

    class Meta:
        model = Policy
        fields: ClassVar[list[str]] = [
            "organization",
            "name",
            "enabled",
            "shadow",
            *LISTS,
            "required_attribution",
            "max_tokens_per_request",
            "max_cost_per_request_eur",
            "max_cost_per_day_eur",
            "time_zone",
        ]
        labels: ClassVar[dict[str, str]] = {
            "max_tokens_per_request": "maxTokensPerReq",
            "max_cost_per_request_eur": "maxCostPerReqEur",
            "max_cost_per_day_eur": "maxCostPerDayEur",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the stored lists."""
        super().__init__(*args, **kwargs)
        for name in LISTS:
            self.initial[name] = "\n".join(getattr(self.instance, name))
        for name in AMOUNTS:
            amount = getattr(self.instance, name)
            self.initial[name] = None if amount is None else f"{amount.normalize():f}"

    def clean(self) -> dict[str, Any]:
        """Read the lists: lines that hold something, each once."""
        cleaned = super().clean() or self.cleaned_data
        for name in LISTS:
            lines = (line.strip() for line in str(cleaned.get(name) or "").splitlines())
            cleaned[name] = list(dict.fromkeys(line for line in lines if line))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the stubs do not know it
        if self.errors:
            return
        try:
            check_policy(self.instance)
        except forms.ValidationError as error:
            self.add_error(None, error)
