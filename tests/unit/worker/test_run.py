import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.domain.ids import OwnerId
from headgate.infra.journal import FileJournal
from headgate.worker import run
from tests.kit.books import logged, sent, settled
from tests.kit.environment import clean_environment
from tests.kit.folders import fill_folder
from tests.kit.gateway import wait_until


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worker") / "data"
    fill_folder(folder)
    return folder


def start(data_dir: Path, **environ: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "headgate", "worker"]
    return subprocess.Popen(command, env=clean_environment(data_dir, **environ), stderr=subprocess.PIPE, text=True)


@pytest.fixture
def worker(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(data_dir)
    wait_until(lambda: (data_dir / "ingest.lock").exists() and is_locked(data_dir), what="the ingest lock")
    yield process
    process.kill()
    process.communicate()


def is_locked(data_dir: Path) -> bool:
    inode = (data_dir / "ingest.lock").stat().st_ino
    return any(f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())


def test_it_posts_until_it_is_told_to_stop(data_dir: Path, worker: subprocess.Popen[str]):
    journal = FileJournal(data_dir, OwnerId("a" * 32), node="n", boot_id="b")
    journal.open_attempt(sent())
    journal.append(settled(), logged())
    journal.close()
    wait_until(lambda: not journal.folder.exists(), what="the journal to be posted and removed")
    worker.send_signal(signal.SIGTERM)
    assert 0 == worker.wait(20)


def test_a_second_one_on_the_same_node_does_not_start(data_dir: Path, worker: subprocess.Popen[str]):
    second = start(data_dir)
    _, said = second.communicate(timeout=20)
    assert 1 == second.returncode
    assert "headgate worker: another worker ingests" in said
    assert worker.poll() is None


def test_sinks_are_waited_for_in_all_and_not_each(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "SINKS_WITHIN_S", 0.05)
    never, at_once = threading.Event(), threading.Event()
    silent = [threading.Thread(target=never.wait, daemon=True) for _ in range(2)]
    ready = threading.Thread(target=at_once.set)
    for thread in (*silent, ready):
        thread.start()
    run.wait_for([*silent, ready])
    assert [True, True] == [thread.is_alive() for thread in silent]
    assert at_once.is_set()
    never.set()


def test_a_setting_that_cannot_be_honoured_is_named(data_dir: Path):
    process = start(data_dir, HEADGATE_MAX_BODY_BYTES="0")
    _, said = process.communicate(timeout=20)
    assert 1 == process.returncode
    assert "headgate worker: HEADGATE_MAX_BODY_BYTES is '0'" in said
