"""How far the books are behind what happened, as the ingest of each node says itself, once every few seconds.

A journal is a file on its node: nobody but the ingest beside it can say what of it is still to be posted.
"""

import datetime as dt
from typing import NamedTuple

from django.utils import timezone

from headgate.control.ledger.models import IngestState, Owner, OwnerState

REPORT_EVERY = dt.timedelta(seconds=2)
BOUND = dt.timedelta(seconds=5)
"""What the books are behind at most, while ingest keeps up: from one report to the next, and some time to write it."""


class Freshness(NamedTuple):
    """Until when the books are whole."""

    as_of: dt.datetime | None
    """What ended before is counted, on whatever node it was; None: of some node nobody has ever said anything."""
    age: dt.timedelta
    """How long ago that was."""
    parked: int
    """Journals that cannot be posted at the moment, of all nodes."""

    @property
    def stands_still(self) -> bool:
        """Say whether figures are older than they may be."""
        return self.as_of is None or self.age > BOUND or self.parked > 0


def note_ingest(node: str, at: dt.datetime, *, caught_up: bool, parked: int) -> None:
    """Say how far a node's ingest is. `caught_up`: what its journals held at that moment is posted."""
    seen: dict[str, object] = {"seen_at": at, "parked": parked}
    if caught_up:
        seen["caught_up_at"] = at
    IngestState.objects.update_or_create(node=node, defaults=seen)


def freshness(now: dt.datetime | None = None) -> Freshness:
    """Return until when the books are whole: of the node that is furthest behind, among those with open journals.

    Where none is open, as before the first request, the ingest that was heard of last speaks for all.
    """
    moment = now or timezone.now()
    open_nodes = set(Owner.objects.filter(state=OwnerState.OPEN).exclude(node="").values_list("node", flat=True))
    states = {state.node: state for state in IngestState.objects.all()}
    awaited = [states.get(node) for node in open_nodes]
    known = [state.caught_up_at for state in awaited if state is not None and state.caught_up_at is not None]
    if not open_nodes:
        found = max((state.caught_up_at for state in states.values() if state.caught_up_at), default=None)
    else:
        found = min(known) if len(known) == len(awaited) else None
    parked = sum(state.parked for state in awaited if state is not None)
    age = dt.timedelta(0) if found is None else max(moment - found, dt.timedelta(0))
    return Freshness(found, age, parked)
