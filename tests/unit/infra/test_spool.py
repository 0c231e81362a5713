import asyncio
import gc
import os
import random
from pathlib import Path

import pytest

from headgate.domain.errors import Unavailable
from headgate.infra.spool import IN_MEMORY, FileSpool
from headgate.pricing.sound import HEAD_BYTES


async def filled(folder: Path, *chunks: bytes) -> FileSpool:
    spool = FileSpool(folder)
    for chunk in chunks:
        await spool.write(chunk)
    return spool


async def read(spool: FileSpool) -> bytes:
    return b"".join([chunk async for chunk in spool.chunks()])


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("sizes", [(), (0,), (10,), (IN_MEMORY,), (IN_MEMORY, 1), (IN_MEMORY + 1, 5), (100_000,) * 9])
async def test_what_was_written_is_read_as_often_as_it_is_asked_for(tmp_path: Path, sizes: tuple[int, ...]):
    chunks = [noise(size) for size in sizes]
    spool = await filled(tmp_path, *chunks)
    whole = b"".join(chunks)
    assert (len(whole), whole[:HEAD_BYTES]) == (spool.size, spool.head)
    assert whole == await read(spool) == await read(spool)


async def test_readers_do_not_disturb_each_other(tmp_path: Path):
    whole = noise(3 * IN_MEMORY)
    spool = await filled(tmp_path, whole)
    assert [whole] * 3 == await asyncio.gather(*(read(spool) for _ in range(3)))


async def test_few_bytes_stay_in_memory_and_many_in_a_file_without_a_name(tmp_path: Path):
    few = await filled(tmp_path, noise(1_000))
    many = await filled(tmp_path, *(noise(100_000) for _ in range(20)))
    assert [] == os.listdir(tmp_path)  # noqa: PTH208 - of a folder in memory, from a coroutine
    assert (few.size, many.size) == (1_000, 2_000_000)
    assert len(vars(many)["_recent"]) <= IN_MEMORY


async def test_its_file_is_closed_with_it(tmp_path: Path):
    spool = await filled(tmp_path, noise(2 * IN_MEMORY))
    file = vars(spool)["_file"]
    os.fstat(file)
    del spool
    gc.collect()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(file)


async def test_without_room_it_says_so(tmp_path: Path):
    spool = FileSpool(tmp_path / "gone")
    with pytest.raises(Unavailable) as refusal:
        await spool.write(noise(2 * IN_MEMORY))
    assert ("upload_not_kept", 5) == (refusal.value.code, refusal.value.retry_after_s)
