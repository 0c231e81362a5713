import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.domain.ids import OwnerId
from headgate.infra.journal import FileJournal
from tests.kit.books import logged, sent, settled
from tests.kit.gateway import clean_environment, wait_until


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worker") / "data"
    headgate = [sys.executable, "-m", "headgate", "migrate"]
    subprocess.run(headgate, env=clean_environment(folder), check=True, capture_output=True)
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


def test_a_setting_that_cannot_be_honoured_is_named(data_dir: Path):
    process = start(data_dir, HEADGATE_MAX_BODY_BYTES="0")
    _, said = process.communicate(timeout=20)
    assert 1 == process.returncode
    assert "headgate worker: HEADGATE_MAX_BODY_BYTES is '0'" in said
