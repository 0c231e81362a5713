"""The file in which the workers of a node count together: mapped into each of them, one lock for all of it.

Locks belong to the kernel and die with their holder. There are two kinds, which do not see each other: `flock` around
every look and change, and one locked byte for every worker's seat, held for its life. A seat that can be locked is
nobody's: its worker is gone, and with it the requests that ran there.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from headgate.infra.limits.minute import WORDS
from headgate.infra.limits.slots import SlotTable

FILE: Final = "rate-limits.1"
"""In the data folder. The figure is the layout's: workers of another version count in another file."""
SLOTS: Final = 16_384
SEATS: Final = 64
WAIT_S: Final = 0.25
"""Longest wait for the lock. It is held for microseconds, unless a worker is stopped in the middle."""
_HEADER_WORDS: Final = 128
_BOOT: Final = 0
_TAKEN: Final = 8
"""From this word on, one word per seat: 1 while it is used."""
_FLOCK: Final = struct.Struct("hhqqi4x")
"""Linux's `struct flock`: type, whence, start, length, pid."""


class SharedFileError(Exception):
    """The file cannot be used."""


class SharedFile:
    """A node's counters, as one of its workers sees them. For one thread."""

    def __init__(self, folder: Path, *, boot_id: str, monotonic: Callable[[], float], slots: int = SLOTS) -> None:
        """Open or create the file and take a seat.

        Args:
            folder: on a local disk.
            boot_id: names this boot of the machine: what another one counted says nothing, for its clock began anew.
            monotonic: seconds of the clock that bounds waiting.
            slots: how many counters there is room for; the same for all workers.

        Raises:
            SharedFileError: no room on the disk, no permission, no seat, or a lock that is not let go.
        """
        self._monotonic = monotonic
        self._slots = slots
        size = 8 * (_HEADER_WORDS + slots * WORDS) + 4 * SEATS * slots
        try:
            self._handle = os.open(folder / FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SharedFileError(str(error)) from error
        try:
            if not self.lock():
                raise SharedFileError("another worker does not let go of the lock")
            self._map = self._open_map(size)
            self._header = memoryview(self._map)[: 8 * _HEADER_WORDS].cast("q")
            self._start_over_after_a_boot(int(boot_id.replace("-", "")[:15], 16))
            self._seat = self._take_seat()
            self.table = self._table(self._seat)
            self.table.clear_seat(self._seat)
            self.sweep()
            self.unlock()
        except (OSError, SharedFileError) as error:
            self.unlock()
            os.close(self._handle)
            raise SharedFileError(str(error)) from error

    def lock(self, *, wait_s: float = WAIT_S) -> bool:
        """Keep the other workers out until `unlock`; False: they do not let us."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return self._wait_for_lock(wait_s)
        return True

    def unlock(self) -> None:
        """Let the other workers in."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def sweep(self) -> bool:
        """Take out what ran in workers that are gone; True: some were. Under the lock."""
        found = False
        for seat in range(SEATS):
            if seat != self._seat and self._header[_TAKEN + seat] and self._lock_seat(seat, fcntl.F_WRLCK):
                self.table.clear_seat(seat)
                self._header[_TAKEN + seat] = 0
                self._lock_seat(seat, fcntl.F_UNLCK)
                found = True
        return found

    def close(self) -> None:
        """Give the seat back. What was counted stays."""
        if self.lock():
            self.table.clear_seat(self._seat)
            self._header[_TAKEN + self._seat] = 0
        # By hand, for the map has a handle of its own on the same open file: closing ours lets go of nothing.
        self._lock_seat(self._seat, fcntl.F_UNLCK)
        self.unlock()
        os.close(self._handle)
        self.table.release()
        self._header.release()
        self._map.close()

    def _wait_for_lock(self, wait_s: float) -> bool:
        deadline = self._monotonic() + wait_s
        while self._monotonic() < deadline:
            os.sched_yield()
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        return False

    def _open_map(self, size: int) -> mmap.mmap:
        found = os.fstat(self._handle).st_size
        if found not in {0, size}:
            message = f"{FILE} has {found} bytes instead of {size}"
            raise SharedFileError(message)
        # Not sparse: a page for which the disk has no room would kill the worker that writes to it.
        os.posix_fallocate(self._handle, 0, size)
        return mmap.mmap(self._handle, size)

    def _start_over_after_a_boot(self, boot: int) -> None:
        if self._header[_BOOT] != boot:
            self._map[:] = bytes(len(self._map))
            self._header[_BOOT] = boot

    def _take_seat(self) -> int:
        for seat in range(SEATS):
            if self._lock_seat(seat, fcntl.F_WRLCK):
                self._header[_TAKEN + seat] = 1
                return seat
        raise SharedFileError("all seats are taken")

    def _table(self, seat: int) -> SlotTable:
        whole = memoryview(self._map)
        start, end = 8 * _HEADER_WORDS, 8 * (_HEADER_WORDS + self._slots * WORDS)
        return SlotTable(whole[start:end].cast("q"), whole[end:].cast("I"), slots=self._slots, seat=seat)

    def _lock_seat(self, seat: int, kind: int) -> bool:
        try:
            fcntl.fcntl(self._handle, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, seat, 1, 0))
        except BlockingIOError:
            return False
        return True
