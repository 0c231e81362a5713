"""The only place of the data plane that names implementations."""

import asyncio
import contextlib
import functools
import gc
import uuid
from collections.abc import Mapping

import msgspec
import structlog

from headgate.domain.ids import OwnerId
from headgate.infra import clock
from headgate.infra.databases import open_lease_store, open_store
from headgate.infra.feed import Feed
from headgate.infra.journal import FileJournal, boot_id
from headgate.infra.kept_answers import BookedAnswers
from headgate.infra.limits.choice import open_limiter
from headgate.infra.node import node_id
from headgate.infra.replays.threaded import open_replays
from headgate.infra.routes import routes_of
from headgate.infra.settings import Settings
from headgate.infra.signing.aws import AwsSigner
from headgate.infra.signing.google import GoogleSigner
from headgate.infra.signing.signers import Signers
from headgate.infra.spool import FileSpool
from headgate.infra.upstream import HttpUpstream
from headgate.pipeline.call import Pipeline
from headgate.pipeline.health import Health
from headgate.pipeline.kept_calls import KeptCalls
from headgate.pipeline.outside import Outside
from headgate.pipeline.quotes import Quotes
from headgate.pipeline.treasury import Treasury
from headgate.providers.provider import Auth
from headgate.routing.breaker import Rules
from headgate.server.ai_request import AiRequests
from headgate.server.door import DoorHandler
from headgate.server.forms import Reception
from headgate.server.kept_answers import KeptHandler
from headgate.server.pages import ConsoleProxy

SYNC_INTERVAL_S = 1.0
GC_YOUNG = 20_000
"""Allocations between looks for cycles; requests leave hardly any behind."""
_log = structlog.get_logger()


class Readiness(msgspec.Struct, frozen=True):
    """What `/readyz` says."""

    ready: bool
    revision: int
    configuration: str
    """`current`, `stale` (the database does not answer) or `missing`."""


class Worker:
    """One data-plane worker: its journal, its configuration, its pipeline, its background tasks."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        """Wire everything; opens the journal, touches no network."""
        self.owner = OwnerId(uuid.uuid4().hex)
        self.journal = FileJournal(settings.data_dir, self.owner, node=node_id(settings.data_dir), boot_id=boot_id())
        self.feed = Feed(
            open_store(settings.database_url),
            functools.partial(routes_of, environ=environ, secret=settings.secret),
            poll_s=settings.config_poll_s,
        )
        self.upstream = HttpUpstream.open(
            connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s
        )
        self.leases = open_lease_store(settings.database_url)
        self.treasury = Treasury(self.leases, clock, self.owner, node=node_id(settings.data_dir), boot_id=boot_id())
        self.limiter = open_limiter(
            settings.data_dir,
            redis_url=settings.redis_url,
            worker=self.owner,
            boot_id=boot_id(),
            monotonic=clock.monotonic,
        )
        self.replays = open_replays(settings.database_url, self.owner)
        self.health = Health(clock, Rules(cooldown_s=settings.cooldown_s))
        self.kept = BookedAnswers(open_store(settings.database_url))
        self.outside = Outside(
            keys=self.feed,
            journal=self.journal,
            upstream=self.upstream,
            signer=Signers({Auth.AWS: AwsSigner(environ, clock.monotonic), Auth.GOOGLE: GoogleSigner(clock.monotonic)}),
            treasury=self.treasury,
            limiter=self.limiter,
            health=self.health,
            kept=self.kept,
            clock=clock,
            sleep=asyncio.sleep,
            drain_s=settings.drain_s,
            retries=settings.retries,
        )
        self._background = self.outside.background
        pipeline = Pipeline(self.outside, configs=self.feed, replays=self.replays)
        self.quotes = Quotes(
            configs=self.feed,
            keys=self.feed,
            treasury=self.treasury,
            health=self.health,
            kept=self.kept,
            clock=clock,
        )
        self.reception = Reception(
            max_body_bytes=settings.max_body_bytes,
            max_upload_bytes=settings.max_upload_bytes,
            open_spool=functools.partial(FileSpool, settings.data_dir),
        )
        self.handler = DoorHandler(pipeline, clock, self.reception)
        self.kept_answers = KeptHandler(KeptCalls(self.outside, configs=self.feed, fetcher=self.upstream), clock)
        self.max_body_bytes = settings.max_body_bytes
        self.pages = ConsoleProxy(settings.console_url) if settings.console_url else None
        self.ai_requests = AiRequests(
            pipeline,
            self.feed,
            clock,
            max_body_bytes=settings.max_body_bytes,
            sessions=self.pages.key_hash_of_session if self.pages else None,
        )
        self.lost = asyncio.Event()
        """The lease store does not take our operations any more: this worker has to end, and another to begin."""
        self._drain_s = settings.drain_s
        self._tasks: list[asyncio.Task[None]] = []

    def readiness(self) -> Readiness:
        """Whether requests can be served now."""
        try:
            revision = self.feed.current().revision
        except Exception:  # noqa: BLE001 - not ready, whatever the reason
            return Readiness(ready=False, revision=0, configuration="missing")
        return Readiness(ready=True, revision=revision, configuration="current" if self.feed.answering else "stale")

    async def start(self) -> None:
        """Read the configuration once and begin to follow it."""
        await self.feed.refresh()
        self.limiter.start()
        self._tasks = [
            asyncio.create_task(self.feed.follow()),
            asyncio.create_task(self.treasury.run()),
            asyncio.create_task(self._keep_house()),
        ]
        # What lives as long as the process is never garbage: full collections need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_YOUNG, 20, 50)

    async def stop(self) -> None:
        """Wait for running requests, then let go of everything."""
        deadline = clock.monotonic() + self._drain_s
        while self._serving and clock.monotonic() < deadline:  # noqa: ASYNC110 - once, at the end of a life
            await asyncio.sleep(0.05)
        if self._background:
            await asyncio.wait(self._background, timeout=max(deadline - clock.monotonic(), 0))
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.upstream.close()
        if self.pages is not None:
            await self.pages.close()
        self.feed.close()
        self.kept.close()
        await self.limiter.close()
        await self.replays.close()
        await self.leases.close()
        self.journal.close()

    @property
    def _serving(self) -> int:
        return self.handler.running + self.ai_requests.running + self.kept_answers.running

    async def _keep_house(self) -> None:
        """Once a second: sync and keep the next segment ready, in a thread; give up clients that stall."""
        while True:
            await asyncio.sleep(SYNC_INTERVAL_S)
            self.handler.end_stalls()
            if self.treasury.closed and not self.lost.is_set():
                _log.error("leases_lost", owner=self.owner)
                self.lost.set()
            await self.replays.mend()
            try:
                await asyncio.to_thread(self.journal.sync)
                if self.journal.needs_segment:
                    await asyncio.to_thread(self.journal.prepare)
            except OSError as error:
                _log.error("journal_not_synced", reason=str(error))
