"""The `Replays` port over a blocking table: one thread, and an end for every claim.

The store is asked only for requests that show an idempotency key. A claim fails closed: without the store a second
charge cannot be excluded, so the request gets 503. What ends a claim is tried again until it succeeds (`mend`): a key
whose claim was lost that way would say "in use" for a day. An answer does not wait in memory for the store: what could
not be kept at once is given up, and the key says so.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

import structlog

from headgate.domain.errors import Unavailable
from headgate.domain.ids import OwnerId, RequestId
from headgate.infra.replays.postgres import PostgresConnection
from headgate.infra.replays.rows import Ending, KeyState, KeyTable, StoreError, answer_of, asked
from headgate.infra.replays.sql import SqlKeyTable
from headgate.infra.replays.sqlite import SqliteConnection
from headgate.pipeline.ports import Claim, NoAnswer, StoredAnswer

ANSWER_WITHIN_S: Final = 5.0
"""A store that takes longer is away."""
CLOSE_WITHIN_S: Final = 10.0

_T = TypeVar("_T")
_log = structlog.get_logger()


class ThreadedReplays:
    """Claims keys for one worker."""

    def __init__(self, table: KeyTable, owner: OwnerId, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        """Take the table; it is used in one thread from here on."""
        self._table = table
        self._owner = owner
        self._answer_within_s = answer_within_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="replays")
        self._unfinished: deque[Ending] = deque()

    async def claim(
        self, scope: str, key: str, body_sha256: str, *, request_id: RequestId, now: float
    ) -> Claim | StoredAnswer:
        """Claim the key, or get what was answered before.

        Raises:
            Conflict: the key is taken, and there is no answer to give.
            Unavailable: the store does not answer.
        """
        claim = Claim(scope, key, request_id)
        wanted = asked(claim, body_sha256, self._owner, now)
        try:
            taken = await self._in_thread(lambda: self._settled(lambda: self._table.claim(wanted)))
        except StoreError as error:
            # It may have happened all the same.
            self._unfinished.append(Ending(claim, None))
            raise _away(str(error)) from error
        except (TimeoutError, asyncio.CancelledError) as error:
            # It may still happen. The thread does one thing after another: this comes behind it.
            self._submit(lambda: self._end(Ending(claim, None)))
            if isinstance(error, TimeoutError):
                raise _away("no answer in time") from error
            raise
        return claim if taken is None else answer_of(taken, body_sha256)

    async def keep(self, claim: Claim, answer: StoredAnswer) -> None:
        """Keep the answer of a request that was charged."""
        await self._finish(Ending(claim, KeyState.ANSWERED, answer))

    async def forgo(self, claim: Claim, why: NoAnswer) -> None:
        """The key is used up, but there is no answer to give again."""
        await self._finish(Ending(claim, KeyState(why.value)))

    async def release(self, claim: Claim) -> None:
        """The key is free again."""
        await self._finish(Ending(claim, None))

    async def mend(self) -> None:
        """End what could not be ended before; to be called once in a while. Costs nothing when there is nothing."""
        if self._unfinished:
            with contextlib.suppress(TimeoutError):
                await self._in_thread(self._mend)

    async def close(self) -> None:
        """End the thread, once more with what could not be ended before."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(self._submit(self._mend)), CLOSE_WITHIN_S)
            await asyncio.wait_for(asyncio.wrap_future(self._submit(self._table.close)), CLOSE_WITHIN_S)
        self._thread.shutdown(wait=False)

    async def _finish(self, ending: Ending) -> None:
        try:
            await self._in_thread(lambda: self._end(ending))
        except TimeoutError:
            # The thread goes on with it; the answer need not wait any longer.
            _log.warning("idempotency_store_slow", request_id=ending.claim.request_id)

    def _end(self, ending: Ending) -> None:
        try:
            self._settled(lambda: self._table.end(self._owner, ending))
        except StoreError as error:
            _log.warning("idempotency_claim_not_ended", request_id=ending.claim.request_id, reason=str(error))
            if ending.answer is not None:
                ending = Ending(ending.claim, KeyState.NOT_KEPT)
            self._unfinished.append(ending)

    def _settled(self, work: Callable[[], _T]) -> _T:
        """Do something once everything before it is done."""
        self._catch_up()
        return work()

    def _mend(self) -> None:
        try:
            self._catch_up()
        except StoreError as error:
            _log.warning("idempotency_store_away", reason=str(error), unfinished=len(self._unfinished))

    def _catch_up(self) -> None:
        while self._unfinished:
            self._table.end(self._owner, self._unfinished[0])
            self._unfinished.popleft()

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        # Shielded: who gives up waiting must not take back what is about to be done.
        job = asyncio.wrap_future(self._submit(work))
        return await asyncio.wait_for(asyncio.shield(job), self._answer_within_s)

    def _submit(self, work: Callable[[], _T]) -> Future[_T]:
        return self._thread.submit(work)


def _away(reason: str) -> Unavailable:
    _log.warning("idempotency_store_away", reason=reason)
    message = "Idempotency keys cannot be looked up right now, so a second charge could not be excluded."
    return Unavailable(message, code="idempotency_store_unavailable", retry_after_s=1)


def open_replays(database_url: str, owner: OwnerId) -> ThreadedReplays:
    """The keys behind a `DATABASE_URL`; connects when it is first asked."""
    parts = urlsplit(database_url)
    if parts.scheme in {"postgres", "postgresql"}:
        return ThreadedReplays(SqlKeyTable(PostgresConnection(database_url)), owner)
    path = Path(unquote(parts.path.removeprefix("/"))).absolute()
    return ThreadedReplays(SqlKeyTable(SqliteConnection(path)), owner)
