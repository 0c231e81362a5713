"""The sides of the comparison: each a way to start something that answers `/v1/chat/completions`."""

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.bodies import MODEL
from bench.processes import MEASURED_CORE, ROOT, Running, free_port, python

KEY = "sk-hg-bench-key-0123456789012345678901234567890"
LITELLM_KEY = "sk-bench"


class Side(msgspec.Struct, frozen=True):
    """Something that is measured."""

    name: str
    start: Callable[[str, Path], Running]
    """Upstream address and a folder to use -> a running process on one core."""
    headers: tuple[str, ...] = ()


def direct(upstream: str, folder: Path) -> Running:
    """The fake upstream itself, once more, on the measured core: what the load client can see at best."""
    del upstream, folder
    port = free_port()
    return Running(python("-m", "bench.upstream", str(port)), core=MEASURED_CORE, environ=_environ(), port=port)


def forwarder(upstream: str, folder: Path) -> Running:
    """The bare forwarder."""
    del folder
    port = free_port()
    command = python("-m", "bench.forwarder", str(port), upstream)
    return Running(command, core=MEASURED_CORE, environ=_environ(), port=port)


def headgate(upstream: str, folder: Path) -> Running:
    """Headgate as `headgate serve` runs it, everything on, one gateway worker; all its processes are counted."""
    port = free_port()
    environ = _environ() | {
        "HEADGATE_DATA_DIR": str(folder),
        "HEADGATE_BOOTSTRAP_KEY": KEY,
        "OPENAI_BASE_URL": upstream + "/v1",
        "OPENAI_API_KEY": "sk-bench",
    }
    command = python("-m", "headgate", "serve", "--port", str(port), "--workers", "1")
    running = Running(command, core=MEASURED_CORE, environ=environ, port=port)
    _wait_for_pages(port)
    return running


def litellm(upstream: str, folder: Path) -> Running:
    """LiteLLM with a master key and nothing else, one worker; `LITELLM` names its program."""
    port = free_port()
    config = folder / "litellm.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f"model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n"
        f"      api_base: {upstream}/v1\n      api_key: sk-bench\n"
        f"general_settings:\n  master_key: {LITELLM_KEY}\n",
        encoding="utf-8",
    )
    command = [os.environ["LITELLM"], "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    return Running([*command, "--num_workers", "1"], core=MEASURED_CORE, environ=_environ(), port=port)


def sides() -> dict[str, Side]:
    """Every side that can run here."""
    found = [
        Side("direct", direct),
        Side("forwarder", forwarder),
        Side("headgate", headgate, (f"authorization: Bearer {KEY}",)),
    ]
    if os.environ.get("LITELLM"):
        found.append(Side("litellm", litellm, (f"authorization: Bearer {LITELLM_KEY}",)))
    return {side.name: side for side in found}


def _environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEADGATE_", "OPENAI_"))}
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "PYTHONUNBUFFERED": "1"}


def _wait_for_pages(port: int) -> None:
    """The console starts beside the gateway; it must not be starting still while the gateway is measured."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("the console of the measured gateway never answered")
