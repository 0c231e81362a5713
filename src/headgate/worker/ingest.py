"""Posts the journals of this node to the books: rules 17 to 19 of the money protocol.

One ingest per node, beside its journals. Transactions are short; a journal that cannot be posted is parked with an
alarm and tried again, never skipped.
"""

import datetime as dt
import fcntl
import os
import shutil
import threading
from pathlib import Path

import structlog

from headgate.control.connections import drop_broken_connection
from headgate.control.ledger.freshness import REPORT_EVERY, note_ingest
from headgate.control.ledger.operations import CursorMovedError, close_owner, post, register_owner
from headgate.control.ledger.queries import cursor_of
from headgate.infra import clock
from headgate.infra.ingest_lock import take_ingest_lock
from headgate.infra.journal import JOURNAL_FOLDER, LOCK_FILE, UNFINISHED, boot_id
from headgate.infra.node import node_id
from headgate.ledger.postings import Announce, told_to_nobody
from headgate.worker.follower import MAX_ROWS, Follower

GATHER_S = 0.1
"""How far the books are behind, at most, while the database keeps up."""
LONGEST_PAUSE_S = 30.0
_log = structlog.get_logger()


class AnotherIngestError(Exception):
    """An ingest runs on this node already."""


class Ingest:
    """Follows every journal below a data folder."""

    def __init__(self, data_dir: Path, announce: Announce = told_to_nobody) -> None:
        """Take the folder; one ingest per node. `announce`: which sinks are to be told of a request.

        Raises:
            AnotherIngestError: another process holds the ingest lock.
        """
        self._folder = data_dir / JOURNAL_FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = take_ingest_lock(data_dir)
        if lock is None:
            message = f"another worker ingests {self._folder}"
            raise AnotherIngestError(message)
        self._lock = lock
        self._announce = announce
        _remove_unfinished(self._folder)
        self._followers: dict[str, Follower] = {}
        self._behind = False
        self._parked: dict[str, tuple[float, float]] = {}
        self._node = node_id(data_dir)
        self._reported = -REPORT_EVERY.total_seconds()

    def run(self, stop: threading.Event) -> None:
        """Ingest until told to stop, then once more to the end of what is there."""
        while not stop.is_set():
            began = clock.now()
            self.step()
            self._report(began)
            if not self._behind:
                # Rows gather while we wait: one transaction for many requests costs a fraction of one for each.
                stop.wait(GATHER_S)
        # The last chance for a while: a database that was away may be back.
        self._parked.clear()
        while self.step():
            pass
        os.close(self._lock)

    def step(self) -> bool:
        """One round over all journals; whether anything was posted."""
        self._behind = False
        advanced = [self._advance(name) for name in self._owners()]
        return any(advanced)

    def _report(self, began: float) -> None:
        """Say now and then how far the books are; a round that began then has posted what was there before it."""
        if clock.monotonic() < self._reported + REPORT_EVERY.total_seconds():
            return
        self._reported = clock.monotonic()
        at = dt.datetime.fromtimestamp(began, dt.UTC)
        try:
            note_ingest(self._node, at, caught_up=not self._behind and not self._parked, parked=len(self._parked))
        except Exception as error:  # noqa: BLE001 - the books matter, what is said of them comes after
            _log.warning("ingest_not_reported", exc_info=error)
            drop_broken_connection()

    def _owners(self) -> list[str]:
        return sorted(
            entry.name for entry in os.scandir(self._folder) if entry.is_dir() and not entry.name.startswith(UNFINISHED)
        )

    def _advance(self, name: str) -> bool:
        again_at, pause = self._parked.get(name, (0.0, 0.5))
        if clock.monotonic() < again_at:
            return False
        try:
            advanced = self._post_next(name)
        except Exception as error:  # noqa: BLE001 - whatever it was, the journal waits and the alarm rings
            pause = min(pause * 2, LONGEST_PAUSE_S)
            self._parked[name] = (clock.monotonic() + pause, pause)
            _log.error("journal_parked", owner=name, retry_in_s=pause, exc_info=error)
            # Begun anew next time from what the database says: it may be a restored one, over a new connection.
            self._forget(name)
            drop_broken_connection()
            return False
        self._parked.pop(name, None)
        return advanced

    def _post_next(self, name: str) -> bool:
        follower = self._followers.get(name) or self._begin(name)
        dead = follower.writer_is_dead()
        posting = follower.step()
        if posting is not None:
            post(posting)
            follower.posted(posting)
            self._behind |= len(posting.events) + len(posting.logs) + len(posting.content) >= MAX_ROWS
            return True
        if dead:
            self._bury(follower)
            return True
        return False

    def _begin(self, name: str) -> Follower:
        follower = Follower(self._folder / name, self._announce)
        header = follower.header()
        register_owner(follower.owner, header.node if header else "", header.boot_id if header else "")
        cursor = cursor_of(follower.owner)
        follower.resume(posted=cursor.posted, low_watermark=cursor.low_watermark)
        self._followers[name] = follower
        return follower

    def _bury(self, follower: Follower) -> None:
        """The writer is dead and everything it wrote is posted: book its orphans, close its books."""
        rows = follower.orphans(clock.now())
        header = follower.header()
        lost_power = header is not None and header.boot_id != boot_id()
        try:
            close_owner(follower.owner, rows.events, rows.logs, rows.charges, rows.deliveries, lost_power=lost_power)
        except CursorMovedError:
            # Closed before, by a run that ended between the commit and the removal of the journal.
            _log.info("journal_was_closed", owner=follower.owner)
        if rows.events:
            _log.warning("orphans_booked", owner=follower.owner, count=len(rows.events))
        follower.remove()
        self._followers.pop(follower.owner, None)

    def _forget(self, name: str) -> None:
        follower = self._followers.pop(name, None)
        if follower is not None:
            follower.close()


def _remove_unfinished(journals: Path) -> None:
    """Remove what writers left that were killed while they set up: nothing was written there, but room is taken."""
    for lock in journals.glob(f"{UNFINISHED}*/{LOCK_FILE}"):
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(lock.parent)
        finally:
            os.close(handle)
