"""Workers of one node are processes: together they admit exactly the limit, and a killed one leaves nothing behind."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.infra.limits.minute import REQUESTS, RUNNING, TOKENS, WORDS, add_up
from headgate.infra.limits.node import NodeLimiter
from headgate.infra.limits.shared_file import SLOTS, SharedFile
from headgate.pipeline.ports import Admission
from tests.kit.environment import ROOT, clean_environment
from tests.kit.gateway import wait_until
from tests.kit.limits import BOOT
from tests.kit.limits_worker import AT_ONCE, AT_ONCE_LIMITS, PER_MINUTE

WORKERS = 4
KILLS = 25

pytestmark = pytest.mark.timeout(120)


class Workers:
    """Processes, each waiting for its start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[str]] = []

    def start(self, mode: str, figure: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.limits_worker", str(self.folder), mode, str(figure)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment(self.folder),
        )
        self.running.append(process)
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        return process

    def go(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()

    def said(self, process: subprocess.Popen[str]) -> list[int]:
        assert process.stdout is not None
        return [int(word) for word in process.stdout.readline().split()]

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()
        self.running.remove(process)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    for process in list(started.running):
        started.kill(process)


@pytest.fixture
def limiter(tmp_path: Path) -> Iterator[NodeLimiter]:
    opened = NodeLimiter(SharedFile(tmp_path, boot_id=BOOT, monotonic=time.monotonic), time.monotonic)
    yield opened
    opened.close()


def admitted_at_once(limiter: NodeLimiter) -> int:
    answers = [limiter.admit_now(AT_ONCE_LIMITS, tokens=0, now=0.0) for _ in range(AT_ONCE + 1)]
    admissions = [answer for answer in answers if isinstance(answer, Admission)]
    for admission in admissions:
        limiter.finish(admission, tokens=None)
    return len(admissions)


def test_several_processes_admit_exactly_the_limit(workers: Workers):
    hammering = [workers.start("hammer", PER_MINUTE) for _ in range(WORKERS)]
    for process in hammering:
        workers.go(process)
    said = [workers.said(process) for process in hammering]
    assert PER_MINUTE == sum(admitted for admitted, _ in said)
    assert 0 == sum(alone for _, alone in said)


def test_a_killed_process_frees_its_places(workers: Workers, limiter: NodeLimiter):
    holding = workers.start("hold", AT_ONCE)
    workers.go(holding)
    assert [AT_ONCE] == workers.said(holding)
    assert 0 == admitted_at_once(limiter)
    workers.kill(holding)
    assert AT_ONCE == admitted_at_once(limiter)


def test_kills_at_any_moment_leave_right_totals(workers: Workers, limiter: NodeLimiter):
    chance = random.Random(11)
    file = limiter._shared
    assert file is not None

    def counted() -> int:
        return sum(file.table.words[slot * WORDS + REQUESTS] for slot in range(SLOTS))

    for process in [workers.start("churn", 3) for _ in range(WORKERS)]:
        workers.go(process)
    for _ in range(KILLS):
        before = counted()
        wait_until(lambda before=before: counted() > before + chance.randrange(200), what="progress")
        workers.kill(chance.choice(workers.running))
        successor = workers.start("churn", 3)
        workers.go(successor)
    for process in list(workers.running):
        workers.kill(process)
    assert AT_ONCE == admitted_at_once(limiter)
    for slot in range(SLOTS):
        base = slot * WORDS
        totals = file.table.words[base + REQUESTS], file.table.words[base + TOKENS]
        add_up(file.table.words, base)
        assert totals == (file.table.words[base + REQUESTS], file.table.words[base + TOKENS])
        assert 0 == file.table.words[base + RUNNING]
