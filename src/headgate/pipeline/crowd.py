"""One draw for many: what requests need together of windows that their worker has not drawn from yet.

At midnight every window is such a window, and where each user has one, most of them are at any time. One after the
other, the requests of a crowd would wait for one commit each.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from headgate.domain.budget import WindowId
from headgate.ledger.leases import LeaseBook, Need

CROWD: Final = 64
"""Requests in one draw at most: whoever else draws waits for its transaction."""


def crowd_of(book: LeaseBook, requests: Iterable[Sequence[Need]]) -> list[list[Need]]:
    """What each request needs of windows that the store was never asked about; those that need nothing are left out."""
    crowd: list[list[Need]] = []
    for needs in requests:
        cold = [need for need in needs if _is_cold(book, need.window.id)]
        if cold:
            crowd.append(cold)
        if len(crowd) == CROWD:
            break
    return crowd


def together(crowd: Iterable[Sequence[Need]], *, without: Collection[WindowId]) -> list[Need]:
    """One need per window, ascending; requests that need a window of `without` are left out."""
    merged: dict[WindowId, Need] = {}
    for needs in crowd:
        if any(need.window.id in without for need in needs):
            continue
        for window, amount in needs:
            known = merged.get(window.id)
            merged[window.id] = Need(window, amount + (known.amount if known is not None else 0))
    return [merged[window] for window in sorted(merged)]


def _is_cold(book: LeaseBook, window: WindowId) -> bool:
    account = book.accounts.get(window)
    return account is None or account.state is None
