"""Bytes that came, kept in memory as long as they are few, else in a file without a name."""

import asyncio
import os
import tempfile
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from headgate.domain.errors import Unavailable
from headgate.pricing.sound import HEAD_BYTES

IN_MEMORY: Final = 256 * 1024
"""Bytes of one spool; also how much is written or read at once."""


class FileSpool:
    """See `ports.Spool`. What it holds is gone with it: the file has no name, and is closed with its last reference."""

    def __init__(self, folder: Path) -> None:
        """Keep nothing yet. `folder`: where the file would be."""
        self._folder = folder
        self._recent = bytearray()
        """What is not in the file."""
        self._written = 0
        self._file: int | None = None
        self._head = b""

    @property
    def size(self) -> int:
        """Bytes."""
        return self._written + len(self._recent)

    @property
    def head(self) -> bytes:
        """The first of them."""
        return self._head or bytes(self._recent[:HEAD_BYTES])

    async def write(self, data: bytes) -> None:
        """Keep some more.

        Raises:
            Unavailable: the disk takes no more.
        """
        self._recent += data
        if len(self._recent) > IN_MEMORY:
            self._head = self.head
            try:
                await asyncio.to_thread(self._move_to_file)
            except OSError as error:
                message = f"The upload cannot be kept right now ({error.strerror})."
                raise Unavailable(message, code="upload_not_kept", retry_after_s=5) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of them, from the start; readers do not disturb each other."""
        if self._file is not None:
            for start in range(0, self._written, IN_MEMORY):
                size = min(IN_MEMORY, self._written - start)
                yield await asyncio.to_thread(os.pread, self._file, size, start)
        if self._recent:
            yield bytes(self._recent)

    def _move_to_file(self) -> None:
        if self._file is None:
            file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 - it lives as long as the spool
            self._file = os.dup(file.fileno())
            file.close()
            weakref.finalize(self, os.close, self._file)
        view = memoryview(self._recent)
        while view:
            count = os.pwrite(self._file, view, self._written)
            self._written += count
            view = view[count:]
        view.release()
        self._recent = bytearray()
