"""Forms of budgets."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from headgate.control.budgets.checks import time_zones
from headgate.control.budgets.editing import CALENDAR, CONDUCT
from headgate.control.budgets.models import Budget
from headgate.control.budgets.operations import check_limit, check_new
from headgate.control.budgets.rights import OPERATORS_SCOPES
from headgate.control.currencies.queries import literal, rates_in_force
from headgate.domain.budget import Scope

EDITED = (*CONDUCT, "limit", "soft", *CALENDAR)


class NewBudgetForm(forms.ModelForm):
    """Everything that a budget is made of."""

    operator: ClassVar[bool] = True
    """Whether the installation's operator is asking."""
    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget, initial="UTC", help_text="Where days and months end.")
    currency = forms.ChoiceField(widget=UnfoldAdminSelectWidget, initial="USD", help_text="Of the limit, for money.")

    class Meta:
        model = Budget
        fields = (
            "organization",
            "name",
            "scope",
            "subject",
            "period",
            "time_zone",
            "unit",
            "limit",
            "currency",
            *("soft", "clamp", "top_up", "shadow"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones and currencies that are known."""
        super().__init__(*args, **kwargs)
        _offer(self, "time_zone", time_zones())
        _offer(self, "currency", rates_in_force(timezone.now().date()))
        if not self.operator:
            _offer(self, "scope", [scope.value for scope in Scope if scope not in OPERATORS_SCOPES])

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # a hook that the stubs leave out
        if not self.errors:
            _check(self, lambda: check_new(self.instance, timezone.now()))


class BudgetForm(forms.ModelForm):
    """What of a budget can be changed."""

    reason = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Why the period or the time zone changes: that closes the windows that are open, by an adjustment.",
    )
    time_zone = forms.ChoiceField(widget=UnfoldAdminSelectWidget, help_text="Where days and months end.")

    class Meta:
        model = Budget
        fields = EDITED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones that are known."""
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            _offer(self, "time_zone", time_zones())
        self.initial["limit"] = Decimal(literal(self.instance.limit))

    def clean_reason(self) -> str:
        """Ask why, where an entry will say it."""
        reason = str(self.cleaned_data["reason"])
        if not reason.strip() and set(CALENDAR) & set(self.changed_data):
            raise forms.ValidationError("Say why the period or the time zone changes.")
        return reason

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # a hook that the stubs leave out
        if not self.errors:
            _check(self, lambda: check_limit(self.instance, timezone.now()))


class ReasonForm(forms.Form):
    """Why something is done that stays in the books."""

    reason = forms.CharField(
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Stays with the adjustment.",
    )
    given_id = forms.CharField(widget=forms.HiddenInput, max_length=32)


def _offer(form: forms.ModelForm, field: str, values: Any) -> None:
    choice: Any = form.fields[field]
    choice.choices = [(value, value) for value in values]


def _check(form: forms.ModelForm, check: Any) -> None:
    try:
        check()
    except ValidationError as error:
        form.add_error(None, error)
