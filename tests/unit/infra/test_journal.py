import contextlib
import errno
import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.domain.ids import OwnerId
from headgate.domain.principal import Attribution
from headgate.infra import journal as journal_module
from headgate.infra.journal import (
    LOCK_FILE,
    MAX_SENT_BYTES,
    RESERVE_BYTES,
    FileJournal,
    JournalError,
    boot_id,
    segment_path,
)
from headgate.ledger.frames import SEGMENT_SIZE, Frame, decode_header, pack_frame, read_frame
from headgate.ledger.records import Record, decode_record, encode_record
from headgate.pipeline.ports import JournalFullError
from tests.kit.books import logged, sent, settled

OWNER = OwnerId("a" * 32)
SMALL = 64 * 1024
"""A segment small enough to be filled by hand."""


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal_module, "SEGMENT_SIZE", SMALL)


@pytest.fixture
def journal(tmp_path: Path):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    yield opened
    opened.close()


def disk_full(monkeypatch: pytest.MonkeyPatch, code: int = errno.ENOSPC) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", refuse)


def records_in(folder: Path) -> list[Record]:
    """Every record of every segment, in order; read as ingest does, by other code than the journal's."""
    found: list[Record] = []
    for path in sorted(folder.glob("*.seg")):
        window, position = path.read_bytes(), 0
        while isinstance(frame := read_frame(window, 0, position), Frame) and frame.payload:
            if position:
                found.append(decode_record(frame.payload))
            position = frame.next_position
    return found


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "journal").iterdir())


def fill(journal: FileJournal) -> int:
    """Open and end attempts until no more can be opened; gives how many."""
    count = 0
    while True:
        try:
            journal.open_attempt(sent(attempt=count + 1))
        except JournalFullError:
            return count
        journal.append(settled(attempt=count + 1), logged())
        journal.close_attempt()
        count += 1


def test_what_was_written_is_read_back_in_order(journal: FileJournal):
    journal.open_attempt(sent())
    journal.append(settled(), logged())
    journal.close_attempt()
    assert [sent(), settled(), logged()] == records_in(journal.folder)


def test_a_segment_begins_with_who_wrote_it(journal: FileJournal):
    frame = read_frame(segment_path(journal.folder, 0).read_bytes(), 0, 0)
    header = decode_header(frame.payload)
    assert (OWNER, "n", "b", 0) == (header.owner, header.node, header.boot_id, header.segment)


def test_two_segments_are_preallocated(journal: FileJournal):
    assert ["00000000.seg", "00000001.seg"] == sorted(path.name for path in journal.folder.glob("*.seg"))
    assert {SEGMENT_SIZE} == {path.stat().st_size for path in journal.folder.glob("*.seg")}


def test_ingest_sees_the_folder_only_under_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    names: list[str] = []
    real = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lambda *a: (names.extend(folders(tmp_path)), real(*a)))
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    assert [f"new-{OWNER}"] == names
    assert [OWNER] == folders(tmp_path)
    opened.close()


def test_the_lock_is_held_for_life_and_freed_at_the_end(tmp_path: Path):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    with (opened.folder / LOCK_FILE).open("r+b") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        opened.close()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


OPEN_FILES = """
import os
from pathlib import Path
print([os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.exists()])
"""


def test_a_child_process_does_not_inherit_the_lock_or_the_segments(journal: FileJournal):
    child = [sys.executable, "-c", OPEN_FILES]
    listed = subprocess.run(child, capture_output=True, text=True, check=True, close_fds=False)
    assert str(journal.folder) not in listed.stdout


def test_the_next_segment_begins_where_the_first_ends_and_nothing_is_lost(tmp_path: Path, small_segments: None):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    written = [sent(attempt=number) for number in range(1, 401)]
    for record in written:
        opened.open_attempt(record)
        opened.close_attempt()
    assert len(list(opened.folder.glob("*.seg"))) > 2
    opened.close()
    # The reader knows full-size segments only; read each file by itself.
    assert [record.attempt for record in written] == [record.attempt for record in small_records(opened.folder)]


def small_records(folder: Path) -> list[Record]:
    found: list[Record] = []
    for path in sorted(folder.glob("*.seg")):
        raw, position, first = path.read_bytes(), 0, True
        while position + 8 <= len(raw):
            length = int.from_bytes(raw[position : position + 4], "little")
            if length in {0, 0xFFFFFFFF}:
                break
            payload = raw[position + 8 : position + 8 + length]
            if not first:
                found.append(decode_record(payload))
            first, position = False, position + 8 + length
    return found


def opened_until_full(journal: FileJournal) -> int:
    count = 0
    with contextlib.suppress(JournalFullError):
        while True:
            journal.open_attempt(sent(attempt=count + 1))
            count += 1
    return count


def test_when_the_disk_is_full_no_attempt_is_opened_and_open_ones_still_end(
    tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch
):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    disk_full(monkeypatch)
    count = opened_until_full(opened)
    assert count >= 3
    before = len(small_records(opened.folder))
    with pytest.raises(JournalFullError):
        opened.open_attempt(sent())
    assert before == len(small_records(opened.folder))
    for attempt in range(1, count + 1):
        opened.append(settled(attempt=attempt), logged())
        opened.close_attempt()
    assert 3 * count == len(small_records(opened.folder))
    opened.close()


def test_log_rows_of_refused_requests_do_not_take_the_room_of_open_attempts(
    tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch
):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    disk_full(monkeypatch)
    opened.open_attempt(sent())
    with contextlib.suppress(JournalFullError):
        for _ in range(10_000):
            opened.append(logged())
    with pytest.raises(JournalFullError):
        opened.append(logged())
    opened.append(settled(upstream_request_id="x" * (RESERVE_BYTES - 2_000)), logged())
    opened.close_attempt()
    assert 1 == sum(record.__class__.__name__ == "Settled" for record in small_records(opened.folder))
    opened.close()


def test_room_that_comes_back_is_used(tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    with monkeypatch.context() as full:
        disk_full(full, errno.EDQUOT)
        fill(opened)
        assert opened.needs_segment
    opened.prepare()
    assert not opened.needs_segment
    opened.open_attempt(sent())
    opened.close()


def test_a_preallocation_that_fails_leaves_no_file_behind(
    tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch
):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    disk_full(monkeypatch)
    fill(opened)
    assert 2 == len(list(opened.folder.glob("*.seg")))
    opened.close()


def test_another_error_of_the_disk_is_not_taken_for_a_full_one(
    tmp_path: Path, small_segments: None, monkeypatch: pytest.MonkeyPatch
):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    disk_full(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        fill(opened)
    opened.close()


def test_without_room_for_two_segments_the_start_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    disk_full(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        FileJournal(tmp_path, OWNER, node="n", boot_id="b")


@pytest.mark.parametrize("room_for", [0, 1])
def test_a_start_that_finds_no_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room_for: int
):
    allocate, made = os.posix_fallocate, []

    def until_full(handle: int, offset: int, size: int) -> None:
        if len(made) == room_for:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        made.append(handle)
        allocate(handle, offset, size)

    monkeypatch.setattr(os, "posix_fallocate", until_full)
    with pytest.raises(OSError, match="No space left"):
        FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    assert [] == folders(tmp_path)


def test_segments_can_be_prepared_from_two_threads_at_once(tmp_path: Path, small_segments: None):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    while not opened.needs_segment:
        opened.open_attempt(sent())
        opened.close_attempt()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: opened.prepare(), range(8)))
    assert not opened.needs_segment
    opened.close()


def test_a_record_that_could_not_be_ended_within_its_reservation_is_not_opened(journal: FileJournal):
    long = sent(attribution=Attribution(team="t" * MAX_SENT_BYTES))
    with pytest.raises(JournalFullError):
        journal.open_attempt(long)
    assert [] == records_in(journal.folder)


def test_syncing_flushes_only_what_is_new(journal: FileJournal, monkeypatch: pytest.MonkeyPatch):
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    journal.sync()
    journal.sync()
    assert 1 == len(flushed)
    journal.append(logged())
    journal.sync()
    assert 2 == len(flushed)


def test_every_append_is_one_write_of_whole_frames(journal: FileJournal, monkeypatch: pytest.MonkeyPatch):
    writes: list[bytes] = []
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: (writes.append(bytes(data)), real(fd, data, at))[1])
    journal.append(settled(), logged())
    assert [pack_frame(encode_record(settled())) + pack_frame(encode_record(logged()))] == writes


@pytest.mark.parametrize("filesystem", ["nfs4", "cifs", "9p"])
def test_a_network_filesystem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filesystem: str):
    monkeypatch.setattr(journal_module, "_filesystem_of", lambda _: filesystem)
    with pytest.raises(JournalError, match=filesystem):
        FileJournal(tmp_path, OWNER, node="n", boot_id="b")


def test_the_filesystem_of_a_folder_is_that_of_its_nearest_mount():
    assert "proc" == journal_module._filesystem_of(Path("/proc/self"))


def test_a_boot_has_a_name():
    assert 36 == len(boot_id())
    assert boot_id() == boot_id()


def test_thousands_of_attempts_can_be_open_at_once(tmp_path: Path):
    opened = FileJournal(tmp_path, OWNER, node="n", boot_id="b")
    for attempt in range(1, 2_001):
        opened.open_attempt(sent(attempt=attempt))
    for attempt in range(1, 2_001):
        opened.append(settled(attempt=attempt), logged())
        opened.close_attempt()
    opened.close()
