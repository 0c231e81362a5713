"""Whatever happens in whatever order, no budget is overdrawn and every nano-USD is accounted for.

The machine is in `tests/kit/money`; see its docstring. On the twin in memory it takes many walks; over each real
store, with ingest and the control plane on the same database, fewer.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.environment import ROOT, clean_environment
from tests.kit.money.books import MemoryBooks
from tests.kit.money.machine import MoneyMachine
from tests.kit.postgres import DATABASES, database_url_for

WALKS = 50
"""Over each database, of 50 steps at most."""


class InMemory(MoneyMachine):
    """Against the lease store's twin."""

    open_books = MemoryBooks


TestMoneyInMemory = InMemory.TestCase
TestMoneyInMemory.settings = settings(
    max_examples=400, stateful_step_count=60, suppress_health_check=[HealthCheck.too_slow], deadline=None
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", DATABASES)
def test_the_machine_walks_over_a_real_store_and_the_books(database: str, tmp_path: Path) -> None:
    environ = clean_environment(tmp_path, HEADGATE_SECRET_KEY="x" * 32)
    environ["PYTHONPATH"] = os.pathsep.join([environ["PYTHONPATH"], str(ROOT)])
    if url := database_url_for(database):
        environ["DATABASE_URL"] = url
    command = [sys.executable, "-m", "tests.kit.money.walk", str(WALKS)]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout[-5_000:], done.stderr[-20_000:])
    assert (0, "walked") == (done.returncode, done.stdout.strip())
