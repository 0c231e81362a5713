"""Processes that are killed leave no files behind for long."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.kit.environment import ROOT
from tests.kit.gateway import wait_until
from tests.kit.postgres import locked_folder, needs_postgres, remove_abandoned

START = """
import sys
from tests.kit.postgres import server
print(server().folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_living_process_stays(temporary: Path):
    folder, lock = locked_folder()
    remove_abandoned()
    assert [folder] == list(temporary.iterdir())
    os.close(lock)
    remove_abandoned()
    assert [] == list(temporary.iterdir())


def test_the_folder_of_a_living_server_stays(temporary: Path):
    folder, lock = locked_folder()
    os.close(lock)
    (folder / "files").mkdir()
    (folder / "files" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    remove_abandoned()
    assert folder.is_dir()


def test_what_is_not_ours_stays(temporary: Path):
    other = temporary / "headgate-pg-without-a-lock"
    other.mkdir()
    remove_abandoned()
    assert other.is_dir()


class TestWithAServer:
    pytestmark = needs_postgres

    def test_what_a_killed_process_left_behind_is_removed_by_the_next(self):
        command = [sys.executable, "-c", START]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            folder = Path(process.stdout.readline().decode().strip())
            server = Path("/proc", (folder / "files" / "postmaster.pid").read_text().splitlines()[0])
            assert server.exists()
            process.kill()
        wait_until(lambda: not server.exists(), what="the server to end with its process")
        remove_abandoned()
        assert not folder.exists()
