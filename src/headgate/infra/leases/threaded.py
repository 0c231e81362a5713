"""A blocking lease store as the port: one thread of its own, so that a slow disk or network never stops the loop."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.ports import StoreUnavailableError

TIMEOUT_S = 10.0
"""Past what a healthy store needs even for a connection: the store's own timeouts come first."""

_T = TypeVar("_T")


class BlockingLeaseStore(Protocol):
    """`LeaseStore` without `async`, with the same errors. For one thread at a time."""

    def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner."""
        ...

    def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none."""
        ...

    def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free."""
        ...

    def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free."""
        ...

    def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand."""
        ...

    def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know."""
        ...

    def close(self) -> None:
        """Disconnect; the next call connects again."""
        ...


class ThreadedLeaseStore:
    """The `LeaseStore` port over a blocking store. Operations run one after the other, in the order of their calls.

    A caller that is cancelled, or that waited too long, does not stop what runs: its outcome is unknown, and the same
    number asked again finds out.
    """

    def __init__(self, store: BlockingLeaseStore, *, timeout_s: float = TIMEOUT_S) -> None:
        """Take the store; it connects in the thread, at the first call."""
        self._store = store
        self._timeout_s = timeout_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leases")

    async def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner."""
        await self._run(lambda: self._store.open(owner, node=node, boot_id=boot_id))

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none."""
        return await self._run(lambda: self._store.draw(owner, seq, drawings))

    async def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free."""
        return await self._run(lambda: self._store.give_back(owner, seq, returns))

    async def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free."""
        return await self._run(lambda: self._store.recall(windows))

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand."""
        return await self._run(lambda: self._store.states(windows))

    async def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know."""
        return await self._run(lambda: self._store.pulse(owner))

    async def close(self) -> None:
        """Disconnect and end the thread."""
        try:
            await self._run(self._store.close)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.wrap_future(self._thread.submit(work))
        except TimeoutError as error:
            raise StoreUnavailableError(f"no answer within {self._timeout_s:g} s") from error
