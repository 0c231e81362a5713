"""Tells one sink what is queued for it, oldest first, in a thread of its own.

The queue is the cursor: a delivery leaves it when the sink has taken it, so that a worker that is killed in between
tells of the same requests again, and a sink that is away is waited for. Nothing is kept in memory but one batch. Of
several nodes, one at a time tells a sink.
"""

import datetime as dt
import threading
from collections.abc import Sequence
from typing import Final

import structlog
from django.db import connection

from headgate.control.connections import drop_broken_connection
from headgate.control.locks import held_alone
from headgate.control.sinks.operations import note, refuse, told
from headgate.control.sinks.queries import Waiting, waiting
from headgate.infra import clock
from headgate.worker.sinks.sink import Sink, SinkAwayError, SinkRefusedError

BATCH: Final = 100
"""Requests that are told of at once, and held in memory."""
GATHER_S: Final = 0.5
"""Between two looks at the queue while there is little in it."""
STAND_BY_S: Final = 5.0
"""Until a node asks again whether it is its turn."""
ASK_EVERY_S: Final = 60.0
LEARN_EVERY_S: Final = 5.0
"""Between two questions while it has not said where it shows what it is told."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0
LONGEST_ASKED_S: Final = 600.0
"""Longest that a sink is left alone because it asked for it."""
_log = structlog.get_logger()


class Sender:
    """Tells one sink."""

    def __init__(self, sink: Sink, *, batch: int = BATCH) -> None:
        """Nothing is told yet."""
        self._sink = sink
        self._batch = batch
        self._pause = FIRST_PAUSE_S
        self._asked = -ASK_EVERY_S
        self._is_away = False
        self._address: str | None = None
        self._told_since = False

    def run(self, stop: threading.Event) -> None:
        """Tell until told to stop; for a thread of its own."""
        wait = 0.0
        while not stop.wait(wait):
            try:
                wait = self.step()
            except Exception as error:  # noqa: BLE001 - whatever it was, the queue waits and the alarm rings
                wait = self._back_off()
                _log.error("sink_failed", sink=self._sink.name, retry_in_s=wait, exc_info=error)
                drop_broken_connection()
        self._sink.close()
        connection.close()

    def step(self) -> float:
        """Tell of what is there; seconds until there is something to do again."""
        with held_alone(self._sink.name) as mine:
            if not mine:
                return STAND_BY_S
            batch, gone = waiting(self._sink.name, self._batch)
            if gone:
                # Their rows were dropped by the retention rule: there is nothing left to tell.
                _log.warning("deliveries_without_a_request", sink=self._sink.name, count=len(gone))
                told(gone)
            try:
                if batch:
                    self._tell(batch)
                if self._is_to_be_asked(told_something=bool(batch)):
                    self._asked, self._told_since = clock.monotonic(), False
                    self._address = self._sink.ask() or self._address
                    self._note(None)
            except SinkAwayError as error:
                self._note(str(error))
                return max(self._back_off(), min(error.retry_after_s, LONGEST_ASKED_S))
        self._pause = FIRST_PAUSE_S
        return 0.0 if len(batch) + len(gone) >= self._batch else GATHER_S

    def _is_to_be_asked(self, *, told_something: bool) -> bool:
        """Whether it is time: what takes what it is told need not be asked, but for its address, soon after."""
        self._told_since |= told_something
        since = clock.monotonic() - self._asked
        if self._address is None and self._told_since and since >= LEARN_EVERY_S:
            return True
        return not told_something and since >= ASK_EVERY_S

    def _tell(self, batch: Sequence[Waiting]) -> None:
        """Tell of a batch, and where it is refused, of each by itself: one that is never taken holds up no other."""
        try:
            self._sink.tell(batch)
        except SinkRefusedError as error:
            if len(batch) > 1:
                for each in batch:
                    self._tell([each])
                return
            refuse(batch[0].id, str(error))
            _log.error("delivery_refused", sink=self._sink.name, request_id=batch[0].log.request_id, reason=str(error))
        else:
            told([each.id for each in batch])
            self._note(None)

    def _note(self, error: str | None) -> None:
        note(self._sink.name, dt.datetime.fromtimestamp(clock.now(), dt.UTC), error, self._address)
        if error is not None and not self._is_away:
            _log.warning("sink_away", sink=self._sink.name, reason=error)
        elif error is None and self._is_away:
            _log.info("sink_back", sink=self._sink.name)
        self._is_away = error is not None

    def _back_off(self) -> float:
        """Twice as long each time, and not all nodes at once."""
        pause = self._pause * (0.5 + clock.chance() / 2)
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
        return pause
