"""A virtual key as pages show it in a table."""

import datetime as dt
from typing import Any

from headgate.control.display import moment
from headgate.control.keys.models import VirtualKey

_BADGES = {"active": "hg-badge-green", "expired": "hg-badge-yellow", "revoked": "hg-badge-red"}


def key_row(key: VirtualKey, now: dt.datetime) -> dict[str, Any]:
    """Return what every table of keys has of one: name, first characters, state, and since when it is there."""
    state = key_state(key, now)
    return {
        "pk": key.pk,
        "name": key.name,
        "prefix": f"{key.prefix}…",
        "state": state,
        "badge": _BADGES[state],
        "created": moment(key.created_at),
    }


def key_state(key: VirtualKey, now: dt.datetime) -> str:
    """Say whether a key opens anything: `active`, `expired` or `revoked`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"
