"""Data folders that are not made anew for every test that needs one.

What a first start does takes seconds: tables, price cards, an organization, an admin and a key. It has tests of its own;
all others begin with a copy of a folder in which it has happened.
"""

import atexit
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from tests.kit.environment import clean_environment

DATABASE = "headgate.sqlite3"


def fill_folder(folder: Path, **environ: str) -> None:
    """Put into a folder what the first start with `clean_environment` leaves there; it may be there and be empty.

    `environ`: what else the first start is told, such as limits of budgets.
    """
    shutil.copytree(_filled(frozenset(environ.items())), folder, dirs_exist_ok=True)


@cache
def migrated_file() -> Path:
    """A SQLite database with all tables and nothing in them, made once for this test process."""
    folder = _kept_folder()
    script = "from headgate.control.setup import migrate; migrate()"
    subprocess.run([sys.executable, "-c", script], env=clean_environment(folder), check=True)
    return _in_one_file(folder / DATABASE)


def first_start(folder: Path, **environ: str) -> None:
    """Make the tables and fill them, as `headgate serve` does before anything else."""
    command = [sys.executable, "-m", "headgate", "migrate"]
    subprocess.run(command, env=clean_environment(folder, **environ), check=True, stdout=subprocess.DEVNULL)


@cache
def _filled(environ: frozenset[tuple[str, str]]) -> Path:
    folder = _kept_folder()
    first_start(folder, **dict(environ))
    _in_one_file(folder / DATABASE)
    return folder


def _kept_folder() -> Path:
    """A folder that is there as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="headgate-kept-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _in_one_file(path: Path) -> Path:
    """Nothing of a database is left beside its file, which can be copied."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size
    return path
