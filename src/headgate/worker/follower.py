"""Reads one owner's journal and turns it into postings; knows what is open, and what a dead writer left behind."""

import fcntl
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from headgate.domain.ids import OwnerId
from headgate.infra.journal import LOCK_FILE, segment_path
from headgate.ledger.frames import SEGMENT_SIZE, Frame, SegmentHeader, Torn, decode_header, read_frame, read_frames
from headgate.ledger.postings import (
    Announce,
    ContentPosting,
    CostEventPosting,
    DeliveryPosting,
    OwnerPosting,
    RequestLogPosting,
    WindowCharge,
    content,
    cost_event,
    orphan_charges,
    orphan_event,
    orphan_log,
    raised,
    request_log,
    told_to_nobody,
    window_charges,
)
from headgate.ledger.records import Captured, Logged, Raised, Sent, Settled, decode_record

WINDOW_BYTES = 64 * 1024
"""Read at once: a few dozen requests. A frame is far smaller, for every string in a record has a bound."""
MAX_ROWS = 250
"""Rows per transaction: about 10 ms, for whoever draws from a budget waits for the database meanwhile."""


class JournalCorruptError(Exception):
    """A record that cannot be understood; the journal is parked, never skipped."""


class Rows(NamedTuple):
    """What a stretch of a journal comes to."""

    events: list[CostEventPosting]
    logs: list[RequestLogPosting]
    charges: list[WindowCharge]
    deliveries: list[DeliveryPosting]
    """Of which of the logs a sink is to be told."""
    content: list[ContentPosting]
    """Of requests whose log may still be to come."""

    @property
    def bulk(self) -> int:
        """Rows that are the bulk of a transaction."""
        return len(self.events) + len(self.logs) + len(self.content)


class Follower:
    """One owner's journal, from where the books are on."""

    def __init__(self, folder: Path, announce: Announce = told_to_nobody) -> None:
        """Nothing is read yet; see `resume`. `announce`: which sinks are to be told of a request."""
        self._announce = announce
        self.folder = folder
        self.owner = OwnerId(folder.name)
        self._read_to = 0
        self._posted = 0
        self._open: dict[tuple[str, int], tuple[int, Sent]] = {}
        self._segment: tuple[int, int] | None = None
        self._lock: int | None = None

    def header(self) -> SegmentHeader | None:
        """The header of the oldest segment that is still there; None when its writer died before writing it."""
        numbers = sorted(int(path.stem) for path in self.folder.glob("*.seg"))
        if not numbers:
            return None
        position = numbers[0] * SEGMENT_SIZE
        frame = read_frame(self._window(position), position, position)
        return None if frame is None or isinstance(frame, Torn) else decode_header(frame.payload)

    def resume(self, *, posted: int, low_watermark: int) -> None:
        """Go to where the books are, and find again what was open there."""
        self._open.clear()
        self._read_to = self._posted = posted
        self._scan(low_watermark, stop=posted, limit=None)

    def step(self) -> OwnerPosting | None:
        """Read on; give what is to be posted, or None when there is nothing new. Confirm with `posted`."""
        rows, read_to = self._scan(self._read_to, stop=None, limit=MAX_ROWS)
        self._read_to = read_to
        if not rows.bulk:
            return None
        return OwnerPosting(
            owner_id=self.owner,
            posted_from=self._posted,
            posted_to=read_to,
            low_watermark=self._low_watermark(),
            events=tuple(rows.events),
            logs=tuple(rows.logs),
            charges=tuple(rows.charges),
            deliveries=tuple(rows.deliveries),
            content=tuple(rows.content),
        )

    def posted(self, posting: OwnerPosting) -> None:
        """A posting is durable: segments that nobody will read again go."""
        self._posted = posting.posted_to
        oldest = posting.low_watermark // SEGMENT_SIZE
        for path in self.folder.glob("*.seg"):
            if int(path.stem) < oldest:
                path.unlink()

    def writer_is_dead(self) -> bool:
        """Whether the writer's lock is free; from then on it is ours, so that nobody else recovers."""
        if self._lock is None:
            handle = os.open(self.folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def orphans(self, at: float) -> Rows:
        """What a dead writer sent and never settled: booked at its hold."""
        sents = [sent for _, sent in self._open.values()]
        logs = [orphan_log(sent) for sent in sents]
        return Rows(
            [orphan_event(sent, at) for sent in sents],
            logs,
            [charge for sent in sents for charge in orphan_charges(sent)],
            [delivery for log in logs for delivery in self._announce(log, None)],
            [],
        )

    def remove(self) -> None:
        """The books are closed: the journal has done its work."""
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """Let go of files."""
        if self._segment is not None:
            os.close(self._segment[1])
            self._segment = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _low_watermark(self) -> int:
        return min((position for position, _ in self._open.values()), default=self._read_to)

    def _scan(self, position: int, *, stop: int | None, limit: int | None) -> tuple[Rows, int]:
        rows = Rows([], [], [], [], [])
        while True:
            window = self._window(position)
            frames, reached = read_frames(window, position, position)
            for at, payload in frames:
                full = limit is not None and rows.bulk >= limit
                if full or (stop is not None and at >= stop):
                    return rows, at
                if at % SEGMENT_SIZE:
                    self._take(payload, at, rows)
            if reached == position:
                frame = read_frame(window, position, position)
                if not isinstance(frame, Frame) or (stop is not None and position >= stop):
                    # Being written, or the torn tail of a dead writer: either way nothing that was acknowledged.
                    return rows, position
                reached = frame.next_position
            position = reached

    def _take(self, payload: bytes, position: int, rows: Rows) -> None:
        record = decode_record(payload)
        if isinstance(record, Sent):
            self._open[record.request_id, record.attempt] = (position, record)
        elif isinstance(record, Logged):
            log = request_log(record)
            rows.logs.append(log)
            rows.deliveries.extend(self._announce(log, record.trace))
        elif isinstance(record, Captured):
            rows.content.append(content(record))
        elif isinstance(record, Raised):
            if (opened := self._opened(record, position)) is not None:
                self._open[record.request_id, record.attempt] = (opened[0], raised(opened[1], record))
        elif (opened := self._opened(record, position)) is not None:
            del self._open[record.request_id, record.attempt]
            sent = opened[1]
            if (event := cost_event(sent, record)) is not None:
                rows.events.append(event)
                rows.charges.extend(window_charges(sent, record))

    def _opened(self, record: Raised | Settled, position: int) -> tuple[int, Sent] | None:
        """The attempt that a record is about.

        None where it is read again only to find what is open: its "sent" lies further back, and both are in the books.
        """
        found = self._open.get((record.request_id, record.attempt))
        if found is None and position >= self._posted:
            message = f"{record.request_id}:{record.attempt} ends at {position} but was never sent"
            raise JournalCorruptError(message)
        return found

    def _window(self, position: int) -> bytes:
        number, offset = divmod(position, SEGMENT_SIZE)
        if self._segment is None or self._segment[0] != number:
            if self._segment is not None:
                os.close(self._segment[1])
                self._segment = None
            try:
                handle = os.open(segment_path(self.folder, number), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
            self._segment = (number, handle)
        return os.pread(self._segment[1], min(WINDOW_BYTES, SEGMENT_SIZE - offset), offset)
