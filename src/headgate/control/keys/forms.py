"""The form of a virtual key: lists and attribution as people write them."""

from typing import Any, ClassVar

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from headgate.control.keys.models import VirtualKey
from headgate.control.keys.queries import ATTRIBUTION_FIELDS, SCOPES

DEFAULT_FIELDS = tuple(f"default_{name}" for name in ATTRIBUTION_FIELDS)


class KeyForm(forms.ModelForm):
    """Name, lifetime, limits and attribution of a key."""

    allowed_models = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="One name per line; * stands for anything. Empty: every model.",
    )
    scopes = forms.MultipleChoiceField(
        required=False,
        choices=[(scope, scope) for scope in SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Endpoints that the key may call. None ticked: all.",
    )
    locked = forms.MultipleChoiceField(
        required=False,
        choices=[(name, name) for name in ATTRIBUTION_FIELDS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the caller may not change.",
    )
    default_user = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_team = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_project = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_app = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_client = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_agent = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)
    default_task = forms.CharField(required=False, max_length=200, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = VirtualKey
        fields: ClassVar[list[str]] = ["organization", "name", "expires_at", "allowed_models", "scopes", "locked"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Show the stored lists and attribution."""
        super().__init__(*args, **kwargs)
        self.initial["allowed_models"] = "\n".join(self.instance.allowed_models)
        for name in ATTRIBUTION_FIELDS:
            self.initial[f"default_{name}"] = self.instance.defaults.get(name, "")

    def clean_allowed_models(self) -> list[str]:
        """Return the lines that hold a name."""
        lines: str = self.cleaned_data["allowed_models"]
        return [line.strip() for line in lines.splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        """Put the attribution together."""
        cleaned = super().clean() or self.cleaned_data
        given = {name: cleaned.get(f"default_{name}") for name in ATTRIBUTION_FIELDS}
        self.instance.defaults = {name: value for name, value in given.items() if value}
        return cleaned
