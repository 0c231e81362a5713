"""The tests of the control plane and of ingest once more, on Postgres: Django knows one database in a process."""

import os
import subprocess
import sys

import pytest

from tests.kit.environment import ROOT
from tests.kit.postgres import needs_postgres, server

pytestmark = [*needs_postgres, pytest.mark.timeout(900)]
SUITES = ["tests/unit/control", "tests/unit/worker"]


def test_the_control_plane_and_ingest_pass_their_tests_on_postgres() -> None:
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "HEADGATE", "DJANGO"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES],
        env=environ | {"DATABASE_URL": server().url("control_plane")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-20_000:], done.stderr[-2_000:])
    assert 0 == done.returncode
