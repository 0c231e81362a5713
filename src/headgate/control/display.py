"""How figures look on pages. Amounts are exact: every digit that is there is shown."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.domain.outcome import Outcome
from headgate.domain.usage import Unit

UNPRICED = "unpriced"
NOTHING = "-"
OUTCOME_COLOURS = {
    Outcome.OK.value: "success",
    Outcome.ESTIMATED.value: "warning",
    Outcome.REJECTED.value: "danger",
    Outcome.UNREACHED.value: "danger",
    Outcome.REFUSED.value: "info",
    Outcome.FAULT.value: "danger",
}
_OTHER_UNITS = {
    Unit.IMAGE.value: ("image", "images"),
    Unit.CHARACTER.value: ("character", "characters"),
    Unit.AUDIO_SECOND.value: ("second of sound", "seconds of sound"),
    Unit.SEARCH_UNIT.value: ("search", "searches"),
}


def usd(amount: int | None, *, missing: str = UNPRICED) -> str:
    """Return an exact amount of nano-USD, at least with cents: `$0.00`, `$0.0000125`, `$1,204.50`."""
    return missing if amount is None else usd_of(nano_to_usd(NanoUsd(amount)))


def usd_of(amount: Decimal) -> str:
    """Return an exact amount of USD, at least with cents."""
    whole, _, decimals = f"{amount:,f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def tokens(
    total: int | None,
    prompt: int | None,
    completion: int | None,
    quantities: Mapping[str, int] | None = None,
) -> str:
    """Return `1,234 (1,200 + 34)`, or a dash where the provider reported no usage.

    What is counted in other units than tokens stands behind it, or alone: `2 images`.
    """
    if total is None:
        return NOTHING
    counted = quantities or {}
    others = [
        f"{counted[unit]:,} {one if counted[unit] == 1 else more}"
        for unit, (one, more) in _OTHER_UNITS.items()
        if unit in counted
    ]
    if others and not total:
        return ", ".join(others)
    return ", ".join([f"{total:,} ({prompt or 0:,} + {completion or 0:,})", *others])


def milliseconds(duration: float | None) -> str:
    """Return a duration as people read it: `12 ms`, `3.4 s`."""
    if duration is None:
        return NOTHING
    if duration < 10:
        return f"{duration:.1f} ms"
    return f"{duration:,.0f} ms" if duration < 1000 else f"{duration / 1000:,.1f} s"


def moment(at: dt.datetime | None) -> str:
    """Return a moment in UTC, to the second."""
    return NOTHING if at is None else at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def wording(value: object) -> str:
    """Return the value, or a dash for nothing."""
    return NOTHING if value in (None, "", [], {}) else str(value)


def link(row: Model, text: object) -> SafeString:
    """Return a link to the row's page."""
    page = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', reverse(page, args=[quote(row.pk)]), text
    )
