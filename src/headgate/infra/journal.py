"""The journal of one data-plane worker: append-only segments on local disk, one writer, locked for its life.

`write` survives a `kill -9` as soon as it returned (the page cache is the kernel's); `sync` is called once a second
for the rest. Layout on disk: `<data>/journal/<owner>/lock` (flock) and `<data>/journal/<owner>/<number>.seg`.
"""

import errno
import fcntl
import os
import shutil
import threading
from collections import deque
from pathlib import Path

from headgate.domain.ids import OwnerId
from headgate.ledger.frames import (
    END_MARK,
    FRAME_OVERHEAD,
    SEGMENT_SIZE,
    SegmentHeader,
    encode_header,
    pack_frame,
)
from headgate.ledger.records import Record, Settled, encode_record
from headgate.pipeline.ports import JournalFullError

RESERVE_BYTES = 16 * 1024
"""Room kept free per open attempt for the records that end it: their strings are bounded (model names, messages)."""

MAX_SENT_BYTES = RESERVE_BYTES // 2
"""A larger `Sent` is refused: its words come back in the records that end it, and those must fit their reservation."""

JOURNAL_FOLDER = "journal"
LOCK_FILE = "lock"
UNFINISHED = "new-"
"""Prefix of a journal folder that is being set up."""
_NETWORK_FILESYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs", "afs"}
)


class JournalError(Exception):
    """The journal cannot be opened where it was asked for."""


class FileJournal:
    """Appends records; every append is one `pwrite` of whole frames."""

    def __init__(self, root: Path, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Create the owner's folder, lock it, and preallocate two segments.

        Raises:
            JournalError: the folder is on a network filesystem, whose locks and appends cannot be relied on.
            OSError: no room, or no permission.
        """
        final = root / JOURNAL_FOLDER / owner
        # Under a name that ingest does not follow until the lock is held: it must not take us for a dead writer.
        self.folder = final.with_name(f"{UNFINISHED}{owner}")
        self.folder.mkdir(parents=True)
        filesystem = _filesystem_of(self.folder)
        if filesystem in _NETWORK_FILESYSTEMS:
            message = f"{self.folder} is on {filesystem}: journals need a local disk."
            raise JournalError(message)
        self._owner, self._node, self._boot_id = owner, node, boot_id
        self._lock = os.open(self.folder / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._preparing = threading.Lock()
        self._reserved = 0
        self._dirty = False
        self._number = 0
        self._offset = 0
        try:
            self._current = self._create_segment(0)
            self._ready: deque[int] = deque([self._create_segment(1)])
        except OSError:
            # Every start that finds no room would keep some of what there is.
            shutil.rmtree(self.folder)
            raise
        self._retired: list[int] = []
        self._write_header()
        self.folder.rename(final)
        self.folder = final

    def open_attempt(self, record: Record) -> None:
        """Append a `Sent` and reserve room for its end.

        Raises:
            JournalFullError: no room, or a record past `MAX_SENT_BYTES`; nothing was written.
        """
        frame = pack_frame(encode_record(record))
        if len(frame) > MAX_SENT_BYTES:
            raise JournalFullError
        self._make_room(len(frame) + self._reserved + RESERVE_BYTES)
        self._reserved += RESERVE_BYTES
        self._write(frame)

    def append(self, *records: Record) -> None:
        """Append records in one write. What ends an attempt may use reserved room, what ends nothing leaves it.

        Raises:
            JournalFullError: no room; nothing was written.
        """
        frames = b"".join([pack_frame(encode_record(record)) for record in records])
        if not any(isinstance(record, Settled) for record in records):
            self._make_room(len(frames) + self._reserved)
        self._write(frames)

    def close_attempt(self) -> None:
        """Give back the reservation of one attempt."""
        self._reserved -= RESERVE_BYTES

    def prepare(self) -> None:
        """Preallocate segments for all that is reserved, and one more; off the request path, or for want of room."""
        with self._preparing:
            try:
                while self.needs_segment:
                    self._ready.append(self._create_segment(self._number + len(self._ready) + 1))
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise

    @property
    def needs_segment(self) -> bool:
        """Whether `prepare` has something to do."""
        return len(self._ready) * _usable() < self._reserved + _usable()

    def sync(self) -> None:
        """Flush to the disk what was written; for a thread. Only here is a segment closed that writing has left."""
        retired, self._retired = self._retired, []
        for handle in retired:
            os.fdatasync(handle)
            os.close(handle)
        if self._dirty:
            self._dirty = False
            os.fdatasync(self._current)

    def close(self) -> None:
        """Sync and unlock; recovery finds a journal whose lock is free and posts the rest of it."""
        self._dirty = True
        self.sync()
        for handle in (self._current, *self._ready, self._lock):
            os.close(handle)

    def _make_room(self, needed: int) -> None:
        if self._room() < needed:
            self.prepare()
            if self._room() < needed:
                raise JournalFullError

    def _room(self) -> int:
        """Bytes that can still be written; the end of a segment, where the next frame may not fit, does not count."""
        here = SEGMENT_SIZE - self._offset - FRAME_OVERHEAD
        return max(here - RESERVE_BYTES, 0) + len(self._ready) * _usable()

    def _write(self, frames: bytes) -> None:
        if self._offset + len(frames) + FRAME_OVERHEAD > SEGMENT_SIZE:
            self._turn_over()
        os.pwrite(self._current, frames, self._offset)
        self._offset += len(frames)
        self._dirty = True

    def _turn_over(self) -> None:
        if not self._ready:
            self.prepare()
            if not self._ready:
                raise JournalFullError
        os.pwrite(self._current, END_MARK, self._offset)
        self._retired.append(self._current)
        with self._preparing:
            self._number += 1
            self._current, self._offset = self._ready.popleft(), 0
        self._write_header()

    def _write_header(self) -> None:
        header = SegmentHeader(owner=self._owner, node=self._node, boot_id=self._boot_id, segment=self._number)
        self._write(pack_frame(encode_header(header)))

    def _create_segment(self, number: int) -> int:
        path = segment_path(self.folder, number)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, SEGMENT_SIZE)
        except OSError:
            os.close(handle)
            path.unlink()
            raise
        return handle


def _usable() -> int:
    """Bytes of a segment that can be counted on: at its end may be what is too short for the next frame."""
    return SEGMENT_SIZE - RESERVE_BYTES


def segment_path(folder: Path, number: int) -> Path:
    """Where a segment lies."""
    return folder / f"{number:08d}.seg"


def boot_id() -> str:
    """Names the current boot of this machine; a journal of another boot may have lost its unsynced tail."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _filesystem_of(folder: Path) -> str:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    inside = [(len(parts[1]), parts[2]) for parts in mounts if folder.is_relative_to(parts[1])]
    return max(inside)[1] if inside else ""
