"""Whatever is written, and wherever ingest dies and begins again, each event is posted once and says the same."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.domain.ids import OwnerId, RequestId
from headgate.domain.outcome import Outcome
from headgate.infra.journal import FileJournal
from headgate.ledger.frames import pack_frame
from headgate.ledger.postings import (
    CostEventPosting,
    OwnerPosting,
    RequestLogPosting,
    cost_event,
    orphan_event,
    orphan_log,
    request_log,
)
from headgate.ledger.records import Logged, Sent, Settled, encode_record
from headgate.worker.follower import Follower
from tests.kit.books import logged, sent, settled

OWNER = OwnerId("a" * 32)
FOUND_AT = 1_767_300_000.0
SMALL_SEGMENT = 6_000
"""Holds three or four attempts, so that examples cross many edges."""
OUTCOMES = (Outcome.OK, Outcome.ESTIMATED, Outcome.REJECTED, Outcome.UNREACHED)


@contextmanager
def small_journal(max_rows: int) -> Iterator[Path]:
    """Room for a journal of small segments."""
    root = Path(tempfile.mkdtemp(prefix="headgate-journal-"))
    with (
        mock.patch("headgate.ledger.frames.SEGMENT_SIZE", SMALL_SEGMENT),
        mock.patch("headgate.infra.journal.SEGMENT_SIZE", SMALL_SEGMENT),
        mock.patch("headgate.worker.follower.SEGMENT_SIZE", SMALL_SEGMENT),
        mock.patch("headgate.worker.follower.WINDOW_BYTES", 1_500),
        mock.patch("headgate.worker.follower.MAX_ROWS", max_rows),
        mock.patch("headgate.infra.journal.RESERVE_BYTES", 100),
        mock.patch("headgate.infra.journal.MAX_SENT_BYTES", SMALL_SEGMENT // 2),
    ):
        try:
            yield root
        finally:
            shutil.rmtree(root)


class Books:
    """What the database does with postings: a swapped cursor, rows that go in once."""

    def __init__(self) -> None:
        self.posted = 0
        self.low_watermark = 0
        self.events: Counter[CostEventPosting] = Counter()
        self.logs: Counter[RequestLogPosting] = Counter()

    def post(self, posting: OwnerPosting) -> None:
        assert self.posted == posting.posted_from
        self.posted, self.low_watermark = posting.posted_to, posting.low_watermark
        self.insert(posting.events, posting.logs)

    def insert(self, events: tuple | list, logs: tuple | list) -> None:
        self.events.update(repr(event) for event in events)
        self.logs.update(repr(log) for log in logs)


class Writer:
    """A gateway: attempts begin and end in any order. Keeps what the books should say in the end."""

    def __init__(self, root: Path) -> None:
        self.journal = FileJournal(root, OWNER, node="n", boot_id="b")
        self.open: list[Sent] = []
        self.events: list[CostEventPosting] = []
        self.logs: list[RequestLogPosting] = []
        self._count = 0

    def begin(self) -> None:
        self._count += 1
        record = sent(request_id=RequestId(f"aigw_{self._count}_a"), hold=self._count * 100)
        self.journal.open_attempt(record)
        self.open.append(record)

    def end(self, which: int, outcome: Outcome) -> None:
        if not self.open:
            return
        begun = self.open.pop(which % len(self.open))
        ended: Settled = settled(request_id=begun.request_id, outcome=outcome, cost=begun.hold - 1)
        told: Logged = logged(request_id=begun.request_id, outcome=outcome)
        self.journal.append(ended, told)
        self.journal.close_attempt()
        if (event := cost_event(begun, ended)) is not None:
            self.events.append(event)
        self.logs.append(request_log(told))

    def refuse(self) -> None:
        self._count += 1
        told = logged(request_id=RequestId(f"aigw_{self._count}_r"), outcome=Outcome.REFUSED, attempts=0)
        self.journal.append(told)
        self.logs.append(request_log(told))

    def half_write(self, size: int) -> None:
        """The next frame, not whole yet: as seen while it is written, or left by a kill."""
        frame = pack_frame(encode_record(sent(request_id=RequestId("aigw_0_torn"))))
        room = SMALL_SEGMENT - self.journal._offset
        os.pwrite(self.journal._current, frame[: min(size, room, len(frame) - 1)], self.journal._offset)


class Ingest:
    """Follows, posts, dies and begins again from what the books say."""

    def __init__(self, folder: Path, books: Books) -> None:
        self.folder = folder
        self.books = books
        self.follower = self._resumed()

    def _resumed(self) -> Follower:
        follower = Follower(self.folder)
        follower.resume(posted=self.books.posted, low_watermark=self.books.low_watermark)
        return follower

    def restart(self) -> None:
        self.follower.close()
        self.follower = self._resumed()

    def step(self, dies: str) -> bool:
        posting = self.follower.step()
        if posting is None:
            return False
        if dies == "before the commit":
            self.restart()
            return True
        self.books.post(posting)
        if dies == "after the commit":
            self.restart()
        else:
            self.follower.posted(posting)
        return True

    def bury(self) -> None:
        assert self.follower.writer_is_dead()
        while self.step("never"):
            pass
        left = self.follower.orphans(FOUND_AT)
        self.books.insert(left.events, left.logs)
        self.follower.remove()


OPERATIONS = st.one_of(
    st.just(("begin",)),
    st.just(("begin",)),
    st.tuples(st.just("end"), st.integers(0, 5), st.sampled_from(OUTCOMES)),
    st.tuples(st.just("end"), st.integers(0, 5), st.sampled_from(OUTCOMES)),
    st.just(("refuse",)),
    st.tuples(st.just("half_write"), st.integers(1, 600)),
    st.tuples(st.just("step"), st.sampled_from(["never", "never", "before the commit", "after the commit"])),
    st.just(("restart",)),
)


@settings(max_examples=150, deadline=None)
@given(operations=st.lists(OPERATIONS, min_size=15, max_size=60), max_rows=st.integers(1, 6), torn=st.integers(0, 600))
def test_each_event_is_posted_once_and_says_the_same(operations: list[tuple], max_rows: int, torn: int):
    with small_journal(max_rows) as root:
        writer, books = Writer(root), Books()
        ingest = Ingest(writer.journal.folder, books)
        for name, *arguments in operations:
            actor = ingest if name in {"step", "restart"} else writer
            getattr(actor, name)(*arguments)
        assert not ingest.follower.writer_is_dead()
        if torn:
            writer.half_write(torn)
        writer.journal.close()
        ingest.restart()
        ingest.bury()
        events = [*writer.events, *(orphan_event(begun, FOUND_AT) for begun in writer.open)]
        logs = [*writer.logs, *(orphan_log(begun) for begun in writer.open)]
        assert Counter(map(repr, events)) == books.events
        assert Counter(map(repr, logs)) == books.logs
        assert not writer.journal.folder.exists()


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), kept=st.integers(0, 39))
def test_a_segment_goes_only_when_nobody_has_to_read_it_again(count: int, kept: int):
    with small_journal(500) as root:
        writer, books = Writer(root), Books()
        ingest = Ingest(writer.journal.folder, books)
        for number in range(count):
            writer.begin()
            if number != kept:
                writer.end(len(writer.open) - 1, Outcome.OK)
        while ingest.step("never"):
            pass
        oldest = min(int(path.stem) for path in writer.journal.folder.glob("*.seg"))
        assert books.low_watermark // SMALL_SEGMENT == oldest
        ingest.restart()
        assert not ingest.step("never")
        assert [begun.request_id for begun in writer.open] == [
            begun.request_id for _, begun in ingest.follower._open.values()
        ]
        ingest.follower.close()
        writer.journal.close()
