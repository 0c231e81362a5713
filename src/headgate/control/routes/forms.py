"""The form of a route, and of its arms."""

from typing import Any, ClassVar

from django import forms
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from headgate.control.routes.checks import check_arms
from headgate.control.routes.models import Arm, Route

OWN_FIELDS = ("organization", "name", "strategy", "sticky_by", "retries", "hedge_after_ms", "enabled")


class RouteForm(forms.ModelForm):
    """A route without its arms."""

    class Meta:
        model = Route
        fields = OWN_FIELDS


class ArmForm(forms.ModelForm):
    """One arm."""

    position = forms.IntegerField(
        label="Order", required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget, help_text="Empty: last."
    )

    class Meta:
        model = Arm
        fields: ClassVar[list[str]] = ["position", "name", "model", "weight"]


class ArmFormSet(PaginationInlineFormSet):
    """The arms of a route; looked at together, for that is how they are refused."""

    def clean(self) -> None:
        """Refuse what leads nowhere."""
        super().clean()
        if not any(self.errors):
            check_arms(self.instance, self.arms())

    def arms(self) -> list[Arm]:
        """Return the arms that are to be, in their order."""
        kept: list[Any] = [
            form
            for form in self.forms
            if (form in self.initial_forms or form.has_changed()) and not form.cleaned_data.get("DELETE")
        ]
        kept.sort(key=lambda form: (form.cleaned_data["position"] is None, form.cleaned_data["position"]))
        return [form.instance for form in kept]
