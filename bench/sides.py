"""The sides of the comparison: each a way to start something that answers `/v1/chat/completions`."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.bodies import MODEL
from bench.gateway import KEY, Gateway, clean_environment
from bench.processes import MEASURED_CORE, Running, free_port, python

WHOM = (
    "x-headgate-user: user-1",
    "x-headgate-team: team-1",
    "x-headgate-project: project-1",
    "x-headgate-app: app-1",
    "x-headgate-task: bench",
)
"""Attribution, as a caller who is governed sends it."""
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
    return Running(
        python("-m", "bench.upstream", str(port)), core=MEASURED_CORE, environ=clean_environment(), port=port
    )


def forwarder(upstream: str, folder: Path) -> Running:
    """The bare forwarder."""
    del folder
    port = free_port()
    command = python("-m", "bench.forwarder", str(port), upstream)
    return Running(command, core=MEASURED_CORE, environ=clean_environment(), port=port)


def headgate(upstream: str, folder: Path) -> Running:
    """Headgate as `headgate serve` runs it, with one gateway worker, but nothing is limited."""
    return Gateway(upstream, folder)


def governed(upstream: str, folder: Path) -> Running:
    """The same with budgets, a policy and rate limits over every request."""
    gateway = Gateway(upstream, folder)
    gateway.fill("governed")
    return gateway


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
    return Running([*command, "--num_workers", "1"], core=MEASURED_CORE, environ=clean_environment(), port=port)


def sides() -> dict[str, Side]:
    """Every side that can run here."""
    found = [
        Side("direct", direct),
        Side("forwarder", forwarder),
        Side("headgate", headgate, (f"authorization: Bearer {KEY}",)),
        Side("governed", governed, (f"authorization: Bearer {KEY}", *WHOM)),
    ]
    if os.environ.get("LITELLM"):
        found.append(Side("litellm", litellm, (f"authorization: Bearer {LITELLM_KEY}",)))
    return {side.name: side for side in found}
