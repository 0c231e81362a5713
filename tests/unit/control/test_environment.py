from pathlib import Path

import pytest

from headgate.control.environment import SettingsError, allowed_hosts, database, switch, trusted_origins


def test_without_an_address_the_database_is_a_file_in_the_data_folder(tmp_path: Path):
    entry = database({}, tmp_path / "new")
    assert str(tmp_path / "new" / "headgate.sqlite3") == entry["NAME"]
    assert "IMMEDIATE" == entry["OPTIONS"]["transaction_mode"]
    assert (tmp_path / "new").is_dir()


@pytest.mark.django_db
def test_a_connection_is_durable_and_checks_foreign_keys():
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        found = {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1} == found


def test_a_sqlite_address_names_the_file(tmp_path: Path):
    entry = database({"DATABASE_URL": f"sqlite:///{tmp_path}/a%20b.db"}, Path("unused"))
    assert str(tmp_path / "a b.db") == entry["NAME"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgres_address_is_taken_apart(scheme: str):
    entry = database({"DATABASE_URL": f"{scheme}://me:p%40ss@db:5433/books?sslmode=require"}, Path("unused"))
    expected = ("books", "me", "p@ss", "db", "5433")
    assert expected == tuple(entry[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT"))
    assert "require" == entry["OPTIONS"]["sslmode"]


def test_what_a_postgres_address_says_wins_and_limits_are_added_to():
    entry = database(
        {"DATABASE_URL": "postgres:///books?host=/run/pg&connect_timeout=9&options=-c%20x.y%3D1"}, Path("unused")
    )
    assert ("/run/pg", "") == (entry["HOST"], entry["PORT"])
    assert "9" == entry["OPTIONS"]["connect_timeout"]
    assert (
        "-c idle_in_transaction_session_timeout=10000 -c jit=off -c work_mem=32MB -c x.y=1"
        == entry["OPTIONS"]["options"]
    )


@pytest.mark.django_db
def test_a_postgres_session_reads_what_is_committed_and_does_not_idle_in_a_transaction():
    from django.db import connection

    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert ("read committed",) == cursor.fetchone()
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert ("10s",) == cursor.fetchone()


@pytest.mark.parametrize(
    "address", ["postgres://me:p/w@db/books", "postgres://me@db", "sqlite://", "postgres://db:port/x"]
)
def test_an_address_that_cannot_be_read_is_refused_without_being_shown(address: str):
    with pytest.raises(SettingsError, match="DATABASE_URL") as refused:
        database({"DATABASE_URL": address}, Path("unused"))
    assert "db" not in str(refused.value)


def test_an_unknown_database_is_refused():
    with pytest.raises(SettingsError, match="mysql"):
        database({"DATABASE_URL": "mysql://x/y"}, Path("unused"))


def test_local_names_are_always_allowed_and_others_when_named():
    environ = {"HEADGATE_ALLOWED_HOSTS": "ai.example.org, .example.net,"}
    assert ["localhost", "127.0.0.1", "[::1]", "ai.example.org", ".example.net"] == allowed_hosts(environ)
    assert ["https://ai.example.org", "https://*.example.net"] == trusted_origins(environ)


def test_any_host_at_all_is_refused():
    with pytest.raises(SettingsError, match="name the hosts"):
        allowed_hosts({"HEADGATE_ALLOWED_HOSTS": "*"})


@pytest.mark.parametrize(
    ("text", "said"), [("", False), (" ", False), ("true", True), ("1", True), ("FALSE", False), ("off", False)]
)
def test_a_switch_is_on_or_off(text: str, said: bool):
    assert said == switch({"X": text}, "X", default=False)
    assert switch({}, "X", default=True)


def test_a_switch_that_says_neither_is_refused_by_its_name():
    with pytest.raises(SettingsError, match="X is 'perhaps': give true or false"):
        switch({"X": "perhaps"}, "X", default=False)
