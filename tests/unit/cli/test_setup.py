import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.cli.setup import run_setup
from headgate.control import setup
from headgate.control.setup import BootstrapResult
from tests.kit.environment import KEY, PASSWORD, clean_environment
from tests.kit.gateway import free_port

CREATED = BootstrapResult(
    organization="Acme",
    admin_username="admin",
    admin_password="pass-1",
    admin_password_generated=True,
    key="sk-hg-1",
    key_generated=True,
)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(setup, "migrate", lambda: done.append("migrate"))
    return done


def first_start(monkeypatch: pytest.MonkeyPatch, created: BootstrapResult | None) -> None:
    monkeypatch.setattr(setup, "bootstrap", lambda _: created)


def test_a_person_reads_the_secrets_in_two_lines(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], capsys: pytest.CaptureFixture
):
    first_start(monkeypatch, CREATED)
    assert 0 == run_setup(as_json=False)
    assert ["admin user admin, password pass-1", "virtual key sk-hg-1"] == capsys.readouterr().out.splitlines()
    assert ["migrate"] == steps


def test_a_program_reads_them_as_json(monkeypatch: pytest.MonkeyPatch, steps: list[str], capsys: pytest.CaptureFixture):
    first_start(monkeypatch, CREATED)
    assert 0 == run_setup(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert ("Acme", "pass-1", "sk-hg-1") == (told["organization"], told["admin_password"], told["key"])


@pytest.mark.parametrize(("as_json", "said"), [(True, "null\n"), (False, "")])
def test_where_there_was_something_already_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], capsys: pytest.CaptureFixture, as_json: bool, said: str
):
    first_start(monkeypatch, None)
    assert 0 == run_setup(as_json=as_json)
    assert said == capsys.readouterr().out


def test_a_database_that_does_not_answer_is_said_in_one_line_without_its_password(tmp_path: Path):
    address = f"postgres://me:hidden@127.0.0.1:{free_port()}/books"
    command = [sys.executable, "-m", "headgate", "migrate"]
    environ = clean_environment(tmp_path / "data", DATABASE_URL=address)
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (1, "") == (done.returncode, done.stdout)
    [line] = done.stderr.splitlines()
    assert line.startswith("headgate migrate: the database: ")
    assert "hidden" not in line


def test_an_empty_folder_becomes_an_installation_that_keeps_no_secret_in_the_clear(tmp_path: Path):
    data_dir = tmp_path / "data"
    command = [sys.executable, "-m", "headgate", "migrate"]
    done = subprocess.run(command, env=clean_environment(data_dir), capture_output=True, text=True, check=True)
    assert [f"admin user admin, password {PASSWORD}", f"virtual key {KEY}"] == done.stdout.splitlines()
    database = sqlite3.connect(data_dir / "headgate.sqlite3")
    assert (1,) == database.execute("SELECT count(*) FROM headgate_published_key").fetchone()
    database.close()
    stored = b"".join(path.read_bytes() for path in data_dir.glob("headgate.sqlite3*"))
    assert KEY.encode() not in stored
    assert PASSWORD.encode() not in stored


def test_a_setting_that_cannot_be_honoured_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, steps: list[str], capsys: pytest.CaptureFixture
):
    from headgate.control.environment import SettingsError

    def refuse(_: object) -> None:
        raise SettingsError("AI_MONTHLY_SPEND_LIMIT_USD is 'x': give an amount.")

    monkeypatch.setattr(setup, "bootstrap", refuse)
    assert 1 == run_setup(as_json=True)
    said = capsys.readouterr()
    assert ("", "headgate migrate: AI_MONTHLY_SPEND_LIMIT_USD is 'x': give an amount.\n") == (said.out, said.err)
