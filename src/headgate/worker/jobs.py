"""Jobs that come round: what the worker role does by the clock, beside ingest.

Every node runs every job, so a job must bear being run twice, and at the same time.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import connection

from headgate.control.connections import drop_broken_connection
from headgate.control.idempotency.operations import delete_expired
from headgate.control.locks import held_alone
from headgate.control.partitions import make_months_around
from headgate.control.publication.operations import republish_if_stale
from headgate.control.requestlog.content import delete_before
from headgate.control.rollups import retention
from headgate.control.rollups.verification import verify_and_store
from headgate.infra import clock

DAY_S = 86_400.0
HOUR_S = 3600.0
MINUTE_S = 60.0
RETRY_S = 60.0
CHECKED_DAYS = 3
"""Today among them."""
_log = structlog.get_logger()


class Job(NamedTuple):
    """Something to do again and again."""

    name: str
    every_s: float
    """From one run to the next; after a failure it is tried again after `RETRY_S` at the latest."""
    run: Callable[[float], object]
    """Is given the time, epoch seconds."""


def make_partitions(now: float) -> None:
    """The months ahead have their partitions before anybody needs them."""
    make_months_around(dt.datetime.fromtimestamp(now, tz=dt.UTC).date())


def republish(now: float) -> None:
    """Calendars reach into the future, and a rate that begins today is in force, without anybody's change."""
    republish_if_stale(dt.datetime.fromtimestamp(now, tz=dt.UTC))


def check_rollups(now: float) -> None:
    """The roll-ups of the last days are the sums of the books; what is not rings the alarm, and is kept."""
    until = dt.datetime.fromtimestamp(now, tz=dt.UTC).date() + dt.timedelta(days=1)
    check = verify_and_store(until - dt.timedelta(days=CHECKED_DAYS), until)
    if check.differences:
        _log.error("rollups_differ", since=str(check.since), differences=check.differences)


def remove_old_rows(now: float) -> None:
    """Rows of the books that nobody wants to keep go, once the roll-ups have all of them."""
    days: int | None = settings.RETENTION_DAYS
    if days is None:
        return
    with held_alone("old rows") as mine:
        removed = retention.remove_old_rows(days, dt.datetime.fromtimestamp(now, tz=dt.UTC)) if mine else None
    if removed is not None and removed.missing:
        missing = [difference._asdict() for difference in removed.missing]
        _log.error("old_rows_kept", before=str(removed.before), rollups_lack=missing)
    elif removed is not None:
        before, events = str(removed.before), removed.cost_events
        _log.info("old_rows_removed", before=before, cost_events=events, requests=removed.requests)


def delete_old_texts(now: float) -> None:
    """Texts of requests and answers go when their time is over."""
    delete_before(dt.datetime.fromtimestamp(now, tz=dt.UTC) - dt.timedelta(days=settings.CAPTURE_DAYS))


JOBS = (
    Job("partitions", DAY_S, make_partitions),
    Job("idempotency keys", MINUTE_S, delete_expired),
    Job("publication", MINUTE_S, republish),
    Job("roll-ups", DAY_S, check_rollups),
    Job("old rows", DAY_S, remove_old_rows),
    Job("old texts", HOUR_S, delete_old_texts),
)


class Rounds:
    """Runs jobs when they are due: at once, and then each in its own rhythm."""

    def __init__(self, jobs: Iterable[Job] = JOBS) -> None:
        """Every job is due."""
        self._due = dict.fromkeys(jobs, 0.0)

    def run(self, stop: threading.Event) -> None:
        """Run what is due until told to stop; for a thread of its own."""
        while not stop.wait(self.step()):
            pass
        connection.close()

    def step(self) -> float:
        """Run what is due now; seconds until something is due again."""
        for job, due_at in self._due.items():
            if due_at <= clock.monotonic():
                pause = job.every_s if self._succeeds(job) else min(job.every_s, RETRY_S)
                self._due[job] = clock.monotonic() + pause
        now = clock.monotonic()
        return max(0.0, min((due_at - now for due_at in self._due.values()), default=DAY_S))

    def _succeeds(self, job: Job) -> bool:
        try:
            job.run(clock.now())
        except Exception as error:  # noqa: BLE001 - whatever it was, the other jobs go on and the alarm rings
            _log.error("job_failed", job=job.name, exc_info=error)
            return False
        finally:
            drop_broken_connection()
        return True
