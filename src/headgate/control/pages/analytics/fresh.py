"""How fresh the figures of a page are, in a sentence."""

import datetime as dt
from typing import NamedTuple

from headgate.control.ledger.freshness import BOUND, freshness


class Notice(NamedTuple):
    """A sentence, and whether it is an alarm."""

    text: str
    alarm: bool


def notice(now: dt.datetime) -> Notice:
    """Say until when everything is counted, loudly when that is longer ago than it may be."""
    found = freshness(now)
    bound = f"{BOUND.total_seconds():.0f} s"
    if found.as_of is None:
        text = "Nobody knows how fresh these figures are: the worker of a node has never reported. Is it running?"
        return Notice(text, alarm=True)
    at = f"{found.as_of.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    if found.parked:
        return Notice(
            f"{found.parked} journal{'s' if found.parked > 1 else ''} cannot be posted at the moment: "
            f"figures are whole as of {at}; the worker's log says why.",
            alarm=True,
        )
    if found.stands_still:
        return Notice(
            f"Ingest stands still or is behind: figures are whole as of {at}, {_long(found.age)} ago. "
            "Nothing is lost; requests since then are still to be counted.",
            alarm=True,
        )
    return Notice(f"As of {at}. Requests are counted within {bound} of their end; nothing is cached.", alarm=False)


def _long(age: dt.timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
