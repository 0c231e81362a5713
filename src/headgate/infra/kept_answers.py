"""Where answers are that their providers keep: in the books, and the newest of this worker in memory.

The books are posted late: an answer that another worker got a moment ago is looked for a few times before it is said
not to be known.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from headgate.domain.errors import Unavailable
from headgate.domain.ids import DeploymentId, OrganizationId
from headgate.infra.store import Store, StoreError

REMEMBERED: Final = 10_000
"""Answers in memory; past it the oldest go, and are looked up in the books."""
WAITS_S: Final = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Before each look into the books."""

_log = structlog.get_logger()


class BookedAnswers:
    """The `KeptAnswers` port over the books."""

    def __init__(self, store: Store, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Take a store of its own: it is read in a thread of its own, so that nothing else waits for it."""
        self._store = store
        self._sleep = sleep
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kept-answers")
        self._known: dict[tuple[OrganizationId, str], DeploymentId] = {}

    def remember(self, organization_id: OrganizationId, kept_id: str, deployment_id: DeploymentId) -> None:
        """An answer of this worker was settled."""
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[organization_id, kept_id] = deployment_id

    async def find(self, organization_id: OrganizationId, kept_id: str) -> DeploymentId | None:
        """The deployment whose provider keeps it.

        Raises:
            Unavailable: the books do not answer.
        """
        known = self._known.get((organization_id, kept_id))
        for wait in () if known else WAITS_S:
            await self._sleep(wait)
            known = await self._booked(organization_id, kept_id)
            if known is not None:
                break
        return known

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _booked(self, organization_id: OrganizationId, kept_id: str) -> DeploymentId | None:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, self._store.keeper, organization_id, kept_id)
        except StoreError as error:
            _log.warning("kept_answer_lookup_failed", reason=str(error))
            raise Unavailable(
                "Earlier answers cannot be looked up right now.", code="answer_store_unavailable", retry_after_s=1
            ) from error
        return None if found is None else DeploymentId(found)
