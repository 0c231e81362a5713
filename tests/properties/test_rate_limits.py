"""The shared counters decide as a plain log of every request does, whatever happens in whatever order."""

import tempfile
import time
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headgate.infra.limits.node import NodeLimiter
from headgate.infra.limits.shared_file import SharedFile
from headgate.pipeline.ports import Admission
from headgate.policy.rate_limits import Counted
from tests.kit.limits import BOOT, Entry, PlainLog, TurnedClock, counted

limits = st.builds(
    lambda requests, tokens, concurrency: (requests, tokens, concurrency),
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 300),
    st.none() | st.integers(1, 4),
).filter(any)


class SharedCounters(RuleBasedStateMachine):
    """Two workers, up to three limits, time that runs or rests."""

    @initialize(chosen=st.lists(limits, min_size=1, max_size=3), fraction=st.floats(0, 0.999))
    def start(self, chosen: list[tuple[int | None, int | None, int | None]], fraction: float) -> None:
        self.limits: list[Counted] = [
            counted(str(number), requests=requests, tokens=tokens, concurrency=concurrency)
            for number, (requests, tokens, concurrency) in enumerate(chosen)
        ]
        self.clock = TurnedClock(1_000 + fraction)
        self.folder = tempfile.TemporaryDirectory()
        self.workers = [self.worker(), self.worker()]
        self.log = PlainLog()
        self.open: list[tuple[int, Admission, list[Entry]]] = []
        self.instants: dict[str, list[float]] = {one.rule.id: [] for one in self.limits}

    def worker(self) -> NodeLimiter:
        file = SharedFile(Path(self.folder.name), boot_id=BOOT, monotonic=time.monotonic, slots=32)
        return NodeLimiter(file, self.clock)

    @rule(worker=st.integers(0, 1), subset=st.integers(1, 7), tokens=st.integers(0, 400), now=st.floats(0, 1e9))
    def admit(self, worker: int, subset: int, tokens: int, now: float) -> None:
        chosen = [one for number, one in enumerate(self.limits) if subset >> number & 1]
        second = int(self.clock.at)
        expected = self.log.fits(chosen, second, tokens)
        answer = self.workers[worker].admit_now(chosen, tokens=tokens, now=now)
        assert expected == isinstance(answer, Admission)
        if isinstance(answer, Admission):
            self.open.append((worker, answer, self.log.admit(chosen, second, tokens)))
            for one in chosen:
                self.instants[one.rule.id].append(self.clock.at)

    @rule(seconds=st.one_of(st.floats(0, 3), st.floats(0, 90), st.just(60.0), st.just(61.0)))
    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    @rule(which=st.integers(0, 50), tokens=st.none() | st.integers(0, 500))
    def finish(self, which: int, tokens: int | None) -> None:
        if not self.open:
            return
        worker, admission, entries = self.open.pop(which % len(self.open))
        self.workers[worker].finish(admission, tokens=tokens)
        for entry in entries:
            entry.end(tokens)

    @rule(worker=st.integers(0, 1))
    def leave_and_come_back(self, worker: int) -> None:
        self.workers[worker].close()
        for who, _, entries in self.open:
            if who == worker:
                for entry in entries:
                    entry.end(None)
        self.open = [one for one in self.open if one[0] != worker]
        self.workers[worker] = self.worker()

    @invariant()
    def no_sixty_seconds_hold_more_than_the_limit(self) -> None:
        for one in getattr(self, "limits", []):
            instants, limit = self.instants[one.rule.id], one.rule.requests_per_minute
            if limit is not None:
                assert all(later - first >= 60 for first, later in zip(instants, instants[limit:], strict=False))

    def teardown(self) -> None:
        for worker in getattr(self, "workers", []):
            worker.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestSharedCounters = SharedCounters.TestCase
TestSharedCounters.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
