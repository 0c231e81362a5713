import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from headgate.cli.main import main
from headgate.infra.ingest_lock import take_ingest_lock
from headgate.server import run
from headgate.worker.follower import Follower
from tests.kit.environment import KEY, clean_environment
from tests.kit.fakes import chat_answer
from tests.kit.folders import fill_folder
from tests.kit.gateway import free_port, wait_until
from tests.kit.replay import ReplayUpstream, Scripted
from tests.unit.infra.test_journal import records_in


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gateway") / "data"
    fill_folder(folder)
    return folder


def start(data_dir: Path, port: int, **environ: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "headgate", "gateway", "--port", str(port)]
    return subprocess.Popen(command, env=clean_environment(data_dir, **environ), stderr=subprocess.PIPE)


def ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(json.load(answer)["ready"])
    except (urllib.error.URLError, OSError):
        return False


def test_a_gateway_serves_until_it_is_told_to_stop_and_leaves_a_whole_journal(data_dir: Path):
    port = free_port()
    ingest = take_ingest_lock(data_dir)
    assert ingest is not None
    with ReplayUpstream() as upstream:
        upstream.script = Scripted(200, "application/json", chat_answer())
        process = start(data_dir, port, OPENAI_API_KEY="k", OPENAI_BASE_URL=upstream.url)
        try:
            wait_until(lambda: ready(port), what="the gateway")
            body = json.dumps({"model": "gpt-4o", "messages": []}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", body)
            request.add_header("authorization", f"Bearer {KEY}")
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert chat_answer() == answer.read()
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(20)
        finally:
            process.kill()
            process.communicate()
    os.close(ingest)
    (folder,) = (data_dir / "journal").iterdir()
    assert ["Sent", "Settled", "Logged"] == [type(record).__name__ for record in records_in(folder)]
    follower = Follower(folder)
    assert follower.writer_is_dead()
    follower.close()


def test_without_a_secret_the_start_is_refused_in_one_line(tmp_path: Path):
    process = start(tmp_path, free_port())
    _, said = process.communicate(timeout=20)
    assert 1 == process.returncode
    assert b"run 'headgate migrate' first" in said
    assert b"Traceback" not in said


def test_without_an_ingest_on_its_node_the_start_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(run, "INGEST_WITHIN_S", 0.05)
    monkeypatch.setenv("HEADGATE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HEADGATE_SECRET_KEY", "a secret that is long enough to be one")
    assert 1 == main(["gateway", "--port", str(free_port())])
    assert "start 'headgate worker' on this node first" in capsys.readouterr().err
