"""Pages: price cards, of which one can be added and none changed; widened bounds, which can be taken back."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from headgate.control.display import NOTHING, link, moment, usd_of, wording
from headgate.control.ledger.models import CostEvent
from headgate.control.pricing.forms import RATE_FIELDS, OverrideForm
from headgate.control.pricing.models import PriceCard, Widening
from headgate.control.pricing.operations import add_override
from headgate.control.pricing.queries import card_of
from headgate.control.pricing.widenings import forget_widenings
from headgate.control.scoping import VIEW, Scoped, SuperusersOnly
from headgate.domain.prices import Rate
from headgate.domain.usage import Unit

_SHOWN = (
    "id",
    "provider",
    "model",
    "active",
    "source",
    "priority",
    "organization",
    "free",
    "limits",
    "rates",
    "variants",
    "retired_at",
)


@admin.register(PriceCard)
class PriceCardAdmin(Scoped):
    """Price cards in USD per million units."""

    superusers_may = frozenset({"view", "add"})
    organization_admins_may = VIEW
    shared_rows_visible = True
    actions = None
    list_display = ("model", "provider", "input_rate", "output_rate", "active", "source", "state")
    list_filter = ("provider", "source")
    search_fields = ("model", "provider", "id")
    readonly_fields = _SHOWN

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Offer the override's form for a new card only."""
        if obj is None:
            return OverrideForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Show an existing card, whole."""
        return _SHOWN if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Group the override's form; show an existing card in one piece."""
        if obj is not None:
            return ((None, {"fields": _SHOWN}),)
        return (
            (None, {"fields": ("provider", "match", "model", "organization", "active_from", "free")}),
            ("Rates, USD per million", {"fields": tuple(RATE_FIELDS)}),
            ("Limits, tokens", {"fields": ("context_window", "max_output")}),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Add and publish the card."""
        added = add_override(form.card)
        obj.__dict__.update({name: value for name, value in added.__dict__.items() if name != "_state"})
        obj._state.adding = False  # noqa: SLF001

    @display(description="Input")
    def input_rate(self, row: PriceCard) -> str:
        """Return the rate of fresh input."""
        return _price(card_of(row).rates.get(Unit.INPUT))

    @display(description="Output")
    def output_rate(self, row: PriceCard) -> str:
        """Return the rate of output."""
        return _price(card_of(row).rates.get(Unit.OUTPUT))

    @display(description="Active from", ordering="active_from")
    def active(self, row: PriceCard) -> str:
        """Return the first day."""
        return row.active_from.isoformat() if row.active_from else "always"

    @display(description="State", label={"published": "success", "retired": "info"})
    def state(self, row: PriceCard) -> str:
        """Say whether the data plane has the card."""
        return "published" if row.retired_at is None else "retired"

    @display(description="Limits")
    def limits(self, row: PriceCard) -> str:
        """Return the largest input and output in tokens."""
        card = card_of(row)
        return f"context {wording(card.context_window)}, output {wording(card.max_output)}"

    @display(description="Rates")
    def rates(self, row: PriceCard) -> SafeString:
        """Return every rate with its tiers."""
        return _rates(card_of(row).rates)

    @display(description="Variants")
    def variants(self, row: PriceCard) -> SafeString | str:
        """Return the rates of service tiers."""
        variants = card_of(row).variants
        return format_html_join("", "<p>{}</p>{}", ((v.service_tier, _rates(v.rates)) for v in variants)) or NOTHING


@admin.register(Widening)
class WideningAdmin(SuperusersOnly):
    """Bounds that grew because a provider billed more than was held. Deleting one holds by the bound itself again."""

    superusers_may = frozenset({"view", "delete"})
    list_display = ("model", "provider", "factor", "seen", "event")
    list_filter = ("provider",)
    search_fields = ("model", "provider")
    fields = ("provider", "model", "factor", "seen", "event")
    readonly_fields = fields

    @display(description="Holds are multiplied by", ordering="factor_ppm")
    def factor(self, row: Widening) -> str:
        """Return the factor, in whole percents."""
        return f"{row.factor_ppm // 10_000} %"

    @display(description="Last grew (UTC)", ordering="seen_at")
    def seen(self, row: Widening) -> str:
        """Return when it last grew."""
        return moment(row.seen_at)

    @display(description="By")
    def event(self, row: Widening) -> SafeString:
        """Link the cost event that was over its hold."""
        return link(CostEvent(pk=row.event_id), row.event_id)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:  # noqa: ARG002
        """Delete and publish."""
        forget_widenings([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # noqa: ARG002
        """Delete and publish, once."""
        forget_widenings(queryset)


def _price(rate: Rate | None) -> str:
    return NOTHING if rate is None else usd_of(rate.price)


def _rates(rates: dict[Unit, Rate]) -> SafeString:
    lines = ((unit.value, _price(rate), "".join(_tiers(rate))) for unit in Unit if (rate := rates.get(unit)))
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}{}</li>", lines))


def _tiers(rate: Rate) -> list[str]:
    return [f", above {tier.above:,} input tokens {usd_of(tier.price)}" for tier in rate.tiers]
