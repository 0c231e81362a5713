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


def test_a_database_that_is_not_supported_is_refused():
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        read_settings({"DATABASE_URL": "postgres://localhost/headgate", **SECRET})


@pytest.mark.parametrize(
    ("name", "field"),
    [
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


def test_a_relative_data_folder_becomes_absolute():
    assert read_settings({"HEADGATE_DATA_DIR": "somewhere", **SECRET}).data_dir.is_absolute()
