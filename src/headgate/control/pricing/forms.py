"""The form of a price override."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from headgate.control.organizations.models import Organization
from headgate.control.pricing.models import PriceCard
from headgate.control.pricing.operations import ADMIN_PRIORITY, ADMIN_SOURCE
from headgate.domain import prices
from headgate.domain.ids import CardId
from headgate.domain.usage import Unit
from headgate.pricing.card_ids import identified
from headgate.providers.table import PROVIDERS

RATE_FIELDS = {f"rate_{unit.value}": unit for unit in Unit}
_MATCHES = (("equals", "is"), ("starts_with", "starts with"), ("contains", "contains"))
_FINEST = 12  # decimals of USD per million units that are whole atto-USD per unit


def _rate_field(unit: Unit) -> forms.DecimalField:
    return forms.DecimalField(
        label=unit.value.replace("_", " ").capitalize(),
        required=False,
        min_value=Decimal(0),
        max_digits=24,
        decimal_places=_FINEST,
        widget=UnfoldAdminDecimalFieldWidget,
    )


class OverrideForm(forms.ModelForm):
    """A price card by hand: USD per million units. A unit that is left empty has no rate of its own."""

    provider = forms.ChoiceField(
        choices=[("", "Select value"), *sorted({(v.price_provider, v.price_provider) for v in PROVIDERS.values()})],
        widget=UnfoldAdminSelectWidget,
    )
    model = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Compared in lower case.")
    match = forms.ChoiceField(choices=_MATCHES, label="The model's name", widget=UnfoldAdminSelectWidget)
    organization = forms.ModelChoiceField(
        Organization.objects.all(), required=False, widget=UnfoldAdminSelectWidget, help_text="Empty: for all."
    )
    active_from = forms.DateField(
        required=False, widget=UnfoldAdminSingleDateWidget, help_text="First UTC day. Empty: always."
    )
    context_window = forms.IntegerField(required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    max_output = forms.IntegerField(required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    free = forms.BooleanField(
        required=False, widget=UnfoldBooleanSwitchWidget, help_text="Cost 0 is meant, not missing."
    )

    class Meta:
        model = PriceCard
        fields = ("provider", "model", "organization", "active_from", "free")

    def clean(self) -> dict[str, Any]:
        """Refuse a card that prices nothing, and one that exists."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if not self._rates() and not cleaned["free"]:
            raise forms.ValidationError("Give at least one rate, or say that the model is free.")
        self.card = self._card()
        if PriceCard.objects.filter(pk=self.card.id).exists():
            raise forms.ValidationError("This very card exists.")
        return cleaned

    def _rates(self) -> dict[Unit, prices.Rate]:
        given = {unit: self.cleaned_data.get(name) for name, unit in RATE_FIELDS.items()}
        return {unit: prices.Rate(price=price) for unit, price in given.items() if price is not None}

    def _card(self) -> prices.PriceCard:
        given = self.cleaned_data
        card = prices.PriceCard(
            id=CardId(""),
            provider=given["provider"],
            model=given["model"].lower(),
            match=prices.Match(**{given["match"]: given["model"].lower()}),
            rates=self._rates(),
            active_from=given["active_from"],
            context_window=given["context_window"],
            max_output=given["max_output"],
            free=given["free"],
            source=ADMIN_SOURCE,
            priority=ADMIN_PRIORITY,
            organization_id=given["organization"].pk if given["organization"] else None,
        )
        return identified(card)


for _name, _unit in RATE_FIELDS.items():
    OverrideForm.base_fields[_name] = _rate_field(_unit)
    OverrideForm.declared_fields[_name] = OverrideForm.base_fields[_name]
