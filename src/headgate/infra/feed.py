"""Keeps a worker's configuration and keys up to date: polls for publications, off the request path.

Fails open on what it has: with the database away, the snapshot in force and the keys in memory go on serving; a key
that is not in memory gets 503, never 401, for it may be good.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from headgate.domain.errors import Unavailable
from headgate.domain.principal import Principal
from headgate.infra.store import Store, StoreError
from headgate.ledger.budgets import BudgetTable
from headgate.pipeline.config import Config
from headgate.policy.rate_limits import RateLimitTable
from headgate.policy.rules import PolicyTable
from headgate.pricing.book import PriceBook
from headgate.pricing.widening import WideningTable
from headgate.routing.table import Route, RouteTable
from headgate.snapshot.contract import (
    Budget,
    ContractMismatchError,
    PublishedKey,
    Snapshot,
    decode_key,
    decode_snapshot,
)

MAX_KEYS = 200_000
"""Keys in memory; past it the oldest go, and are looked up again when they show."""
MAX_STRANGERS = 10_000
"""Hashes that are no key, remembered so that guessing does not load the database."""

_T = TypeVar("_T")
_log = structlog.get_logger()


class Feed:
    """The `Configs` and `Keys` ports over a store."""

    def __init__(self, store: Store, routes_of: Callable[[Snapshot], list[Route]], *, poll_s: float) -> None:
        """Take the store and how to turn a snapshot's deployments into routes (credentials, environment)."""
        self._store = store
        self._routes_of = routes_of
        self._poll_s = poll_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._config: Config | None = None
        self._revision = 0
        self._keys: dict[bytes, Principal] = {}
        self._key_budgets: dict[bytes, tuple[Budget, ...]] = {}
        """Of keys in memory that have budgets of their own."""
        self._strangers: dict[bytes, None] = {}
        self._answering = True

    def current(self) -> Config:
        """The configuration in force.

        Raises:
            Unavailable: no snapshot was read yet.
        """
        if self._config is None:
            raise Unavailable("The gateway has no configuration yet.", code="not_ready", retry_after_s=1)
        return self._config

    def cached(self, key_hash: bytes) -> Principal | None:
        """The principal if it is in memory."""
        return self._keys.get(key_hash)

    def budgets(self, key_hash: bytes) -> tuple[Budget, ...]:
        """Budgets of a key that was found."""
        return self._key_budgets.get(key_hash, ())

    async def find(self, key_hash: bytes) -> Principal | None:
        """The principal out of the store.

        Raises:
            Unavailable: the store does not answer, or speaks another contract.
        """
        if key_hash in self._strangers:
            return None
        seen = self._revision
        try:
            payload = await self._in_thread(lambda: self._store.key(key_hash.hex()))
            published = decode_key(payload) if payload is not None else None
        except (StoreError, ContractMismatchError) as error:
            _log.warning("key_lookup_failed", reason=str(error))
            raise Unavailable(
                "Keys cannot be looked up right now.", code="key_store_unavailable", retry_after_s=1
            ) from error
        if seen == self._revision:
            # A publication that arrived meanwhile may have revoked what was just read.
            self._remember(key_hash, published)
        elif published is not None and published.budgets:
            # It may be gone already, but what bounds this request is not.
            self._key_budgets[key_hash] = published.budgets
        return published.principal if published is not None else None

    async def refresh(self) -> None:
        """Read what changed since the last time."""
        try:
            await self._refresh()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what was published, what is in force stays
            if self._answering:
                _log.warning("configuration_kept", reason=str(error), revision=self._revision)
            self._answering = False
        else:
            self._answering = True

    async def follow(self) -> None:
        """Refresh for ever."""
        while True:
            await asyncio.sleep(self._poll_s)
            await self.refresh()

    @property
    def answering(self) -> bool:
        """Whether the last refresh succeeded."""
        return self._answering

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _refresh(self) -> None:
        revision = self._revision
        changes = await self._in_thread(lambda: self._store.publications(revision))
        if not changes:
            return
        oldest = await self._in_thread(self._store.oldest_revision)
        pruned = oldest is not None and revision + 1 < oldest
        if pruned:
            self._keys.clear()
            self._key_budgets.clear()
        # Before the snapshot, which may turn out to be unreadable: a revocation must not wait for it.
        for change in changes:
            if change.key_hash is not None:
                self._forget(bytes.fromhex(change.key_hash))
        self._strangers.clear()
        if self._config is None or pruned or any(change.key_hash is None for change in changes):
            await self._load_snapshot()
        self._revision = changes[-1].revision

    async def _load_snapshot(self) -> None:
        found = await self._in_thread(self._store.snapshot)
        if found is None:
            return
        revision, payload = found
        self._config = await self._in_thread(
            lambda: compile_config(revision, decode_snapshot(payload), self._routes_of)
        )

    def _remember(self, key_hash: bytes, published: PublishedKey | None) -> None:
        if published is None:
            _make_room(self._strangers, MAX_STRANGERS)
            self._strangers[key_hash] = None
            return
        if len(self._keys) >= MAX_KEYS:
            self._forget(next(iter(self._keys)))
        self._keys[key_hash] = published.principal
        if published.budgets:
            self._key_budgets[key_hash] = published.budgets

    def _forget(self, key_hash: bytes) -> None:
        self._keys.pop(key_hash, None)
        self._key_budgets.pop(key_hash, None)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def compile_config(revision: int, snapshot: Snapshot, routes_of: Callable[[Snapshot], list[Route]]) -> Config:
    """Compile a snapshot into what requests read."""
    return Config(
        revision=revision,
        organizations={organization.id: organization for organization in snapshot.organizations},
        routes=RouteTable(routes_of(snapshot), snapshot.routes),
        prices=PriceBook(snapshot.cards),
        cards=snapshot.cards,
        budgets=BudgetTable(snapshot.budgets, snapshot.calendars),
        policies=PolicyTable(snapshot.policies),
        rate_limits=RateLimitTable(snapshot.rate_limits),
        widenings=WideningTable(snapshot.widenings),
        exchange_rates=snapshot.exchange_rates,
    )


def _make_room(table: dict[bytes, None], limit: int) -> None:
    if len(table) >= limit:
        del table[next(iter(table))]
