import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.infra.limits import shared_file
from headgate.infra.limits.minute import RUNNING
from headgate.infra.limits.shared_file import FILE, SharedFile, SharedFileError
from tests.kit.limits import BOOT

SLOTS = 64


@pytest.fixture
def opened(tmp_path: Path) -> Iterator:
    """Opens the file as one more worker; each is a lock holder of its own."""
    files: list[SharedFile] = []

    def open_one(boot_id: str = BOOT, slots: int = SLOTS) -> SharedFile:
        files.append(SharedFile(tmp_path, boot_id=boot_id, monotonic=time.monotonic, slots=slots))
        return files[-1]

    yield open_one
    for file in files:
        if file._map.closed is False:
            file.close()


def running(file: SharedFile, name: str = "a") -> int:
    place = file.table.locate(name, 100)
    assert place is not None
    return file.table.words[place.base + RUNNING]


def enter(file: SharedFile, name: str = "a") -> None:
    place = file.table.locate(name, 100)
    assert place is not None
    file.table.enter(place, 0)


def die(file: SharedFile) -> None:
    """What the kernel does for a process that was killed: the locks go, the memory stays as it is."""
    file._lock_seat(file._seat, fcntl.F_UNLCK)
    file.unlock()


def test_workers_see_what_the_others_count(opened):
    one, other = opened(), opened()
    enter(one)
    enter(other)
    assert 2 == running(one) == running(other)


def test_one_worker_at_a_time_holds_the_lock(opened):
    one, other = opened(), opened()
    assert one.lock()
    assert not other.lock(wait_s=0.0)
    assert not other.lock(wait_s=0.005)
    one.unlock()
    assert other.lock(wait_s=0.0)


def test_a_worker_that_leaves_takes_its_running_requests_with_it(opened):
    one, other = opened(), opened()
    enter(one)
    enter(other)
    one.close()
    assert 1 == running(other)


def test_a_dead_worker_is_found_and_its_running_requests_are_taken_out(opened):
    one, other = opened(), opened()
    enter(one)
    assert not other.sweep()
    die(one)
    assert 1 == running(other)
    assert other.sweep()
    assert 0 == running(other)
    assert not other.sweep()


def test_who_takes_a_dead_workers_seat_does_not_inherit_its_requests(opened):
    one, other = opened(), opened()
    enter(one)
    die(one)
    successor = opened()
    assert one._seat == successor._seat
    assert 0 == running(other) == running(successor)


def test_what_was_counted_outlives_all_workers(opened):
    one = opened()
    place = one.table.locate("a", 100)
    one.table.enter(place, 7)
    one.close()
    successor = opened()
    assert place == successor.table.locate("a", 100)
    assert 0 == running(successor)


def test_another_boot_begins_anew(opened):
    one = opened()
    enter(one)
    one.close()
    other = opened(boot_id="ffffffff-7a2e-4d3c-9c55-3a1d0f6e8b11")
    assert 0 == running(other)


def test_the_file_is_not_sparse(opened, tmp_path: Path):
    opened()
    found = (tmp_path / FILE).stat()
    assert found.st_blocks * 512 >= found.st_size


def test_without_a_seat_there_is_no_way_in(opened, monkeypatch):
    monkeypatch.setattr(shared_file, "SEATS", 2)
    opened(), opened()
    with pytest.raises(SharedFileError, match="all seats are taken"):
        opened()


def test_a_file_of_another_size_is_refused(opened):
    opened()
    with pytest.raises(SharedFileError, match="bytes instead of"):
        opened(slots=SLOTS * 2)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(SharedFileError):
        SharedFile(tmp_path / "missing", boot_id=BOOT, monotonic=time.monotonic)


def test_a_lock_that_is_not_let_go_is_refused(opened, monkeypatch):
    one = opened()
    assert one.lock()
    monkeypatch.setattr(SharedFile.lock, "__kwdefaults__", {"wait_s": 0.005})
    with pytest.raises(SharedFileError, match="does not let go"):
        opened()
    one.unlock()
