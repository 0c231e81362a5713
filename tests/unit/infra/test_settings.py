from pathlib import Path

import pytest

from headgate.infra.settings import SECRET_FILE, SettingsError, read_settings

SECRET = {"HEADGATE_SECRET_KEY": "s"}


def test_a_data_folder_is_all_that_is_needed(tmp_path: Path):
    settings = read_settings({"HEADGATE_DATA_DIR": str(tmp_path), **SECRET})
    assert (tmp_path, f"sqlite:///{tmp_path}/headgate.sqlite3", "s") == (
        settings.data_dir,
        settings.database_url,
        settings.secret,
    )
    assert (None, 32 * 1024 * 1024, 300) == (settings.console_url, settings.max_body_bytes, settings.drain_s)


def test_the_secret_is_read_from_the_data_folder(tmp_path: Path):
    (tmp_path / SECRET_FILE).write_text("from the file\n")
    assert "from the file" == read_settings({"HEADGATE_DATA_DIR": str(tmp_path)}).secret


def test_without_a_secret_the_remedy_is_named(tmp_path: Path):
    with pytest.raises(SettingsError, match="run 'headgate migrate' first"):
        read_settings({"HEADGATE_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("url", ["postgres://user:pass%2Fword@localhost/headgate", "postgresql://localhost:5432/x"])
def test_postgres_is_a_database(url: str):
    assert url == read_settings({"DATABASE_URL": url, **SECRET}).database_url


@pytest.mark.parametrize(
    "url", ["mysql://localhost/headgate", "headgate.sqlite3", "sqlite://x", "postgres://user:hid/den@localhost/x"]
)
def test_a_database_that_is_not_supported_is_refused_without_a_word_of_its_address(url: str):
    with pytest.raises(SettingsError, match="DATABASE_URL: give sqlite") as refused:
        read_settings({"DATABASE_URL": url, **SECRET})
    assert "localhost" not in str(refused.value)
    assert "hid" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("HEADGATE_WORKERS", "workers"),
        ("HEADGATE_MAX_BODY_BYTES", "max_body_bytes"),
        ("HEADGATE_UPSTREAM_READ_TIMEOUT_S", "read_timeout_s"),
        ("HEADGATE_UPSTREAM_CONNECT_TIMEOUT_S", "connect_timeout_s"),
        ("HEADGATE_DRAIN_S", "drain_s"),
    ],
)
def test_figures_are_whole_numbers_of_at_least_one(name: str, field: str):
    assert 7 == getattr(read_settings({name: "7", **SECRET}), field)
    assert getattr(read_settings(SECRET), field) == getattr(read_settings({name: "", **SECRET}), field)
    for wrong in ("0", "-1", "1.5", "many"):
        with pytest.raises(SettingsError, match=name):
            read_settings({name: wrong, **SECRET})


def test_the_number_of_workers_is_left_to_the_machine():
    assert read_settings(SECRET).workers is None


def test_a_relative_data_folder_becomes_absolute():
    assert read_settings({"HEADGATE_DATA_DIR": "somewhere", **SECRET}).data_dir.is_absolute()


@pytest.mark.parametrize(
    "url", ["redis://user:pass%2Fword@localhost:6379/1", "rediss://localhost", "unix:///redis.sock"]
)
def test_redis_is_where_nodes_count_together(url: str):
    assert url == read_settings({"REDIS_URL": url, **SECRET}).redis_url
    assert None is read_settings({"REDIS_URL": "", **SECRET}).redis_url


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", "redis://user:hid/den@localhost"])
def test_an_address_of_redis_that_cannot_be_read_is_refused_without_a_word_of_it(url: str):
    with pytest.raises(SettingsError, match="REDIS_URL: give redis") as refused:
        read_settings({"REDIS_URL": url, **SECRET})
    assert "localhost" not in str(refused.value)
    assert "hid" not in str(refused.value)
