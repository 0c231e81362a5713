"""Ctrl-C drains: a stream that runs is finished and booked before everything ends."""

import json
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.kit.gateway import GatewayProcess

pytestmark = pytest.mark.timeout(120)


def test_a_running_stream_is_finished_and_booked(tmp_path: Path, database_url: str | None) -> None:
    gateway = GatewayProcess(tmp_path / "data", workers=2, database_url=database_url)
    gateway.start()
    body = {
        "model": "sim/small",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "simulate": {"tokens_per_second": 40, "output_tokens": 60},
    }
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {gateway.key}"},
    )
    answer = urllib.request.urlopen(request, timeout=60)
    first = answer.readline()
    stopping = threading.Thread(target=gateway.stop)
    stopping.start()
    whole = first + answer.read()
    stopping.join()

    assert whole.count(b"data: ") > 60
    assert whole.rstrip().endswith(b"data: [DONE]")
    events = gateway.rows("SELECT outcome, completion_tokens FROM headgate_cost_event")
    assert events == [{"outcome": "ok", "completion_tokens": 60}]
    assert list((gateway.data_dir / "journal").iterdir()) == []
