import contextlib
import os
from pathlib import Path

import msgspec
import pytest

from headgate.domain.budget import LeaseClass
from headgate.domain.ids import OwnerId, RequestId
from headgate.domain.outcome import Outcome
from headgate.domain.trace import TraceContext
from headgate.infra.journal import FileJournal, segment_path
from headgate.ledger.frames import SEGMENT_SIZE, pack_frame
from headgate.ledger.postings import DeliveryPosting, RequestLogPosting, WindowCharge
from headgate.ledger.records import Captured, Charge, Held, Raised, Side, encode_record
from headgate.worker.follower import MAX_ROWS, Follower, JournalCorruptError
from tests.kit.books import NOON, logged, sent, settled
from tests.kit.deliveries import delivery

OWNER = OwnerId("a" * 32)


@pytest.fixture
def journal(tmp_path: Path):
    opened = FileJournal(tmp_path, OWNER, node="this-node", boot_id="this-boot")
    yield opened
    # A test may have closed it already.
    with contextlib.suppress(OSError):
        opened.close()


@pytest.fixture
def follower(journal: FileJournal):
    opened = Follower(journal.folder)
    opened.resume(posted=0, low_watermark=0)
    yield opened
    opened.close()


def resumed(folder: Path, *, posted: int, low_watermark: int) -> Follower:
    follower = Follower(folder)
    follower.resume(posted=posted, low_watermark=low_watermark)
    return follower


def one(journal: FileJournal, name: str = "aigw_1_a") -> None:
    journal.open_attempt(sent(request_id=RequestId(name)))
    journal.append(settled(request_id=RequestId(name)), logged(request_id=RequestId(name)))
    journal.close_attempt()


def test_the_header_says_whose_journal_it_is(follower: Follower):
    header = follower.header()
    assert (OWNER, "this-node", "this-boot") == (header.owner, header.node, header.boot_id)


def test_a_folder_without_segments_has_no_header(tmp_path: Path):
    assert Follower(tmp_path).header() is None


def test_a_settled_attempt_becomes_an_event_and_a_log_row(journal: FileJournal, follower: Follower):
    one(journal)
    posting = follower.step()
    assert ["aigw_1_a:1"] == [event.event_id for event in posting.events]
    assert ["aigw_1_a"] == [log.request_id for log in posting.logs]
    assert (OWNER, 0) == (posting.owner_id, posting.posted_from)
    assert posting.posted_to == posting.low_watermark == journal._offset


def test_where_nothing_is_new_there_is_nothing_to_post(journal: FileJournal, follower: Follower):
    assert follower.step() is None
    one(journal)
    follower.posted(follower.step())
    assert follower.step() is None


def test_the_next_posting_begins_where_the_last_one_ended(journal: FileJournal, follower: Follower):
    one(journal, "aigw_1_a")
    first = follower.step()
    follower.posted(first)
    one(journal, "aigw_2_b")
    assert first.posted_to == follower.step().posted_from


def test_an_open_attempt_holds_the_low_watermark_and_survives_a_restart(journal: FileJournal, follower: Follower):
    begin = journal._offset
    journal.open_attempt(sent(request_id=RequestId("aigw_1_a")))
    one(journal, "aigw_2_b")
    posting = follower.step()
    assert (begin, ["aigw_2_b:1"]) == (posting.low_watermark, [event.event_id for event in posting.events])
    again = resumed(journal.folder, posted=posting.posted_to, low_watermark=posting.low_watermark)
    journal.append(settled(request_id=RequestId("aigw_1_a")))
    assert ["aigw_1_a:1"] == [event.event_id for event in again.step().events]
    again.close()


def test_a_restart_passes_over_what_was_settled_beside_an_open_attempt(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent(request_id=RequestId("aigw_1_a")))
    journal.open_attempt(sent(request_id=RequestId("aigw_2_b")))
    journal.append(settled(request_id=RequestId("aigw_1_a")), logged(request_id=RequestId("aigw_1_a")))
    posting = follower.step()
    again = resumed(journal.folder, posted=posting.posted_to, low_watermark=posting.low_watermark)
    assert again.step() is None
    assert ["aigw_2_b:1"] == [event.event_id for event in again.orphans(NOON)[0]]
    again.close()


def test_what_never_reached_a_provider_leaves_a_log_row_only(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent())
    journal.append(settled(outcome=Outcome.UNREACHED, cost=0, usage=None), logged(outcome=Outcome.UNREACHED))
    posting = follower.step()
    assert ((), 1) == (posting.events, len(posting.logs))


def test_a_posting_is_short(journal: FileJournal, follower: Follower):
    for number in range(MAX_ROWS):
        one(journal, f"aigw_{number}_a")
    posting = follower.step()
    assert MAX_ROWS == len(posting.events) + len(posting.logs)
    follower.posted(posting)
    assert MAX_ROWS == sum(map(len, ((rest := follower.step()).events, rest.logs)))


@pytest.mark.parametrize("written", [3, 8, 9, 100])
def test_a_frame_that_is_being_written_is_not_read_and_not_skipped(
    journal: FileJournal, follower: Follower, written: int
):
    one(journal, "aigw_1_a")
    follower.posted(follower.step())
    frame = pack_frame(encode_record(sent(request_id=RequestId("aigw_2_b"))))
    os.pwrite(journal._current, frame[:written], journal._offset)
    assert follower.step() is None
    one(journal, "aigw_2_b")
    assert ["aigw_2_b:1"] == [event.event_id for event in follower.step().events]


def test_a_torn_tail_is_dropped(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent())
    frame = pack_frame(encode_record(settled()))
    os.pwrite(journal._current, frame[:-3], journal._offset)
    assert follower.step() is None
    assert ["aigw_1_a:1"] == [event.event_id for event in follower.orphans(NOON)[0]]


def test_a_frame_with_a_broken_checksum_is_not_believed(journal: FileJournal, follower: Follower):
    frame = bytearray(pack_frame(encode_record(sent())))
    frame[20] ^= 1
    os.pwrite(journal._current, bytes(frame), journal._offset)
    assert follower.step() is None
    assert ([], [], [], [], []) == follower.orphans(NOON)


def test_a_settlement_of_nothing_is_corrupt_and_never_skipped(journal: FileJournal, follower: Follower):
    journal.append(settled(), logged())
    with pytest.raises(JournalCorruptError, match="was never sent"):
        follower.step()


def test_a_record_of_another_version_is_not_skipped(journal: FileJournal, follower: Follower):
    frame = pack_frame(b"\x81\xa4type\xa5later")
    os.pwrite(journal._current, frame, journal._offset)
    with pytest.raises(msgspec.ValidationError, match="later"):
        follower.step()


def test_reading_goes_on_in_the_next_segment_and_posted_segments_go(journal: FileJournal, follower: Follower):
    one(journal, "aigw_1_a")
    journal._offset = SEGMENT_SIZE - 100
    os.pwrite(journal._current, b"\0" * 16, journal._offset)
    first = follower.step()
    follower.posted(first)
    position = first.posted_to
    # The rest of the segment is jumped over as a writer does: an end mark where the next frame would not fit.
    os.pwrite(journal._current, b"\xff\xff\xff\xff\0\0\0\0", position)
    one(journal, "aigw_2_b")
    second = follower.step()
    assert ["aigw_2_b:1"] == [event.event_id for event in second.events]
    assert SEGMENT_SIZE == second.posted_to // SEGMENT_SIZE * SEGMENT_SIZE
    assert segment_path(journal.folder, 0).exists()
    follower.posted(second)
    assert not segment_path(journal.folder, 0).exists()


def test_a_segment_stays_while_something_in_it_is_open(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent(request_id=RequestId("aigw_0_open")))
    position = journal._offset
    journal._offset = SEGMENT_SIZE - 100
    os.pwrite(journal._current, b"\xff\xff\xff\xff\0\0\0\0", position)
    one(journal, "aigw_2_b")
    follower.posted(follower.step())
    assert segment_path(journal.folder, 0).exists()


def test_a_living_writer_is_not_dead_and_a_dead_one_is(journal: FileJournal, follower: Follower):
    assert not follower.writer_is_dead()
    journal.close()
    assert follower.writer_is_dead()
    assert follower.writer_is_dead()


def test_only_one_reader_recovers(journal: FileJournal, follower: Follower):
    journal.close()
    assert follower.writer_is_dead()
    other = Follower(journal.folder)
    assert not other.writer_is_dead()
    follower.close()
    assert other.writer_is_dead()
    other.close()


def test_an_orphan_is_booked_at_its_hold_with_a_log_row(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent())
    assert follower.step() is None
    (event,), (log,), charges, *_ = follower.orphans(NOON + 9)
    assert [] == charges
    assert (9_000, True, "orphaned", NOON + 9) == (event.amount_nano, event.estimated, event.error, event.settled_at)
    assert ("aigw_1_a", 9_000, "orphaned") == (log.request_id, log.cost_nano, log.error)


def test_a_finished_journal_is_removed(journal: FileJournal, follower: Follower):
    journal.close()
    assert follower.writer_is_dead()
    follower.remove()
    assert not journal.folder.exists()


HOLDS = (Held("w", LeaseClass.NORMAL, 900),)


def test_charges_are_posted_with_the_event_that_they_are_of(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent(holds=HOLDS))
    journal.append(settled(charges=(Charge(700, 650),)), logged())
    journal.close_attempt()
    posting = follower.step()
    assert (WindowCharge("aigw_1_a:1", "w", LeaseClass.NORMAL, 700, 650),) == tuple(posting.charges)
    assert ["aigw_1_a:1"] == [event.event_id for event in posting.events]


def test_an_attempt_that_drew_on_is_an_orphan_of_all_that_it_held(journal: FileJournal, follower: Follower):
    journal.open_attempt(sent(holds=HOLDS))
    more = (Held("w", LeaseClass.NORMAL, 5_000),)
    journal.append(Raised(request_id=RequestId("aigw_1_a"), attempt=1, hold=5_000, holds=more))
    follower.step()
    found = follower.orphans(NOON + 60)
    assert [5_000] == [event.amount_nano for event in found.events]
    assert [WindowCharge("aigw_1_a:1", "w", LeaseClass.NORMAL, 5_000, 5_000)] == found.charges


def test_what_a_sink_is_to_be_told_comes_with_the_rows_that_it_is_about(journal: FileJournal):
    def announce(log: RequestLogPosting, trace: TraceContext | None) -> list[DeliveryPosting]:
        return [
            delivery(
                log.request_id,
                occurred_at=NOON - 1,
                context=None if trace is None else {"langsmith": trace.langsmith or ""},
            )
        ]

    follower = Follower(journal.folder, announce)
    journal.open_attempt(sent())
    journal.append(settled(), logged(trace=TraceContext(langsmith="run")))
    journal.close_attempt()
    journal.open_attempt(sent(request_id=RequestId("aigw_2_b")))
    posting = follower.step()
    assert posting is not None
    assert (delivery("aigw_1_a", context={"langsmith": "run"}),) == posting.deliveries
    assert [delivery("aigw_2_b")] == follower.orphans(NOON).deliveries


def test_the_text_of_a_request_is_posted_with_its_row_and_counts_towards_a_transaction(
    journal: FileJournal, follower: Follower
):
    pieces = [
        Captured(
            request_id=RequestId("aigw_1_a"),
            organization_id="0" * 32,
            at=NOON,
            side=Side.REQUEST,
            number=number,
            text="x" * 8000,
        )
        for number in range(MAX_ROWS + 10)
    ]
    journal.open_attempt(sent())
    for piece in pieces:
        journal.append(piece)
    journal.append(settled(), logged())
    journal.close_attempt()
    first, second = follower.step(), follower.step()
    assert first is not None
    assert second is not None
    assert (MAX_ROWS, 10, 1) == (len(first.content), len(second.content), len(second.logs))
    assert "aigw_1_a:request:0" == first.content[0].id
    assert follower.step() is None
