"""Counts the requests of one node: in the file that its workers share, and alone where that cannot be.

Fails open: a counter for which the file has no room, or a file whose lock a stopped worker holds, is counted in this
worker alone. Both are counted and logged, once per change.
"""

import mmap
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from headgate.infra.limits.minute import REQUESTS, RESET, TOKENS, WORDS, Refusal, needed, refusal
from headgate.infra.limits.shared_file import SharedFile
from headgate.infra.limits.slots import Place, SlotTable
from headgate.pipeline.ports import Admission, Counted, Exceeded
from headgate.policy.rate_limit_headers import Standing, render_headers

SLOTS_ALONE: Final = 2_048
"""Counters of a worker that counts alone; past so many the one that was idle longest is forgotten."""
_log = structlog.get_logger()


class CountedAlone(msgspec.Struct, kw_only=True):
    """How often something was counted in one worker alone."""

    full: int = 0
    """Counters for which the shared table had no room."""
    locked: int = 0
    """Requests that could not get at the shared table."""


class Found(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One counter of one request: the rule, the table and where in it."""

    counted: Counted
    table: SlotTable
    place: Place


class NodeAdmission(Admission):
    """An admission that knows where it was counted."""

    found: Sequence[Found]
    second: int


class NodeLimiter:
    """The `RateLimiter` port for one node."""

    def __init__(self, shared: SharedFile | None, monotonic: Callable[[], float]) -> None:
        """Take the shared file, if there is one, and the clock: one that the workers share and that never goes back."""
        self._shared = shared
        self._monotonic = monotonic
        self._alone: SlotTable | None = None
        self._owed: deque[tuple[NodeAdmission, int | None]] = deque()
        self._locked_out = False
        self._was_full = False
        self._closed = False
        self.counted_alone = CountedAlone()

    @property
    def together(self) -> bool:
        """Whether the workers of the node count in one table."""
        return self._shared is not None and not self._locked_out

    async def admit(self, counted: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        """Count a request in all its limits, or in none."""
        return self.admit_now(counted, tokens=tokens, now=now)

    def admit_now(self, counted: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        """`admit`, which does not wait for anything."""
        if not counted:
            return Admission(counted, tokens, now, ())
        shared = self._enter()
        try:
            # Read under the lock, so that the seconds of all workers come in order.
            second = int(self._monotonic())
            found = [self._find(one, shared, second) for one in counted]
            worst = _worst(found, tokens)
            if worst is not None and worst[1].what == "concurrency" and shared is not None and shared.sweep():
                worst = _worst(found, tokens)
            if worst is not None:
                return Exceeded(worst[0], *worst[1])
            for counter in found:
                counter.table.enter(counter.place, needed(counter.counted.rule, tokens))
            admission = NodeAdmission(counted, tokens, now, _headers(found))
        finally:
            if shared is not None:
                shared.unlock()
        admission.found, admission.second = found, second
        return admission

    def finish(self, admission: Admission, *, tokens: int | None) -> None:
        """The request ended."""
        if self._closed or not isinstance(admission, NodeAdmission):
            return
        if self._shared is None:
            self._settle(admission, tokens)
            return
        self._owed.append((admission, tokens))
        shared = self._enter()
        if shared is not None:
            shared.unlock()

    def close(self) -> None:
        """Let go of the shared file; what still runs is not counted any more."""
        if self._shared is not None and not self._closed:
            self._closed = True
            self._shared.close()

    def _enter(self) -> SharedFile | None:
        """Lock the shared file and write down what is owed to it."""
        shared = self._shared
        if shared is None:
            return None
        # Once locked out, requests do not wait for the lock any more: they try it.
        if not (shared.lock(wait_s=0.0) if self._locked_out else shared.lock()):
            self.counted_alone.locked += 1
            if not self._locked_out:
                _log.warning("rate_limits_counted_alone", reason="another worker holds the lock and does not run")
            self._locked_out = True
            return None
        if self._locked_out:
            self._locked_out = False
            _log.info("rate_limits_counted_together")
        while self._owed:
            self._settle(*self._owed.popleft())
        return shared

    def _settle(self, admission: NodeAdmission, tokens: int | None) -> None:
        for counter in admission.found:
            counted_with = needed(counter.counted.rule, admission.tokens)
            difference = 0 if tokens is None else tokens - counted_with
            counter.table.leave(counter.place, admission.second, difference)

    def _find(self, counted: Counted, shared: SharedFile | None, second: int) -> Found:
        name = f"{counted.rule.id}/{counted.subject}"
        if shared is not None:
            place = shared.table.locate(name, second)
            if place is None and shared.sweep():
                place = shared.table.locate(name, second)
            if place is not None:
                return Found(counted, shared.table, place)
            self.counted_alone.full += 1
            if not self._was_full:
                self._was_full = True
                _log.warning("rate_limits_counted_alone", reason="the table of counters is full")
        alone = self._alone = self._alone or _table_alone()
        return Found(counted, alone, alone.locate(name, second) or alone.forget_oldest(name, second))


def _table_alone() -> SlotTable:
    words = memoryview(mmap.mmap(-1, 8 * WORDS * SLOTS_ALONE)).cast("q")
    seats = memoryview(bytearray(4 * SLOTS_ALONE)).cast("I")
    return SlotTable(words, seats, slots=SLOTS_ALONE, seat=0)


def _worst(found: Sequence[Found], tokens: int) -> tuple[Counted, Refusal] | None:
    """The refusal that lasts longest."""
    worst: tuple[Counted, Refusal] | None = None
    for counter in found:
        refused = refusal(counter.table.words, counter.place.base, counter.counted.rule, tokens)
        if refused is not None and (worst is None or refused.retry_after_s > worst[1].retry_after_s):
            worst = counter.counted, refused
    return worst


def _headers(found: Sequence[Found]) -> Sequence[tuple[bytes, bytes]]:
    requests: list[Standing] = []
    tokens: list[Standing] = []
    for counter in found:
        words, base, rule = counter.table.words, counter.place.base, counter.counted.rule
        if (limit := rule.requests_per_minute) is not None:
            requests.append(Standing(limit - words[base + REQUESTS], limit))
        if (limit := rule.tokens_per_minute) is not None:
            tokens.append(Standing(limit - words[base + TOKENS], limit))
    return render_headers(requests, tokens, reset=RESET)
