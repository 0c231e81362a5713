import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate.control.secrets import SecretError, data_dir, installation_secret


def test_the_secret_is_created_once_and_only_its_owner_reads_it(tmp_path: Path):
    environ = {"HEADGATE_DATA_DIR": str(tmp_path / "new")}
    first = installation_secret(environ)
    assert first == installation_secret(environ)
    assert len(first) >= 32
    file = tmp_path / "new" / "secret.key"
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [file] == list(file.parent.iterdir())


def test_starts_at_the_same_moment_agree_on_the_secret(tmp_path: Path):
    environ = {"HEADGATE_DATA_DIR": str(tmp_path)}
    with ThreadPoolExecutor(8) as threads:
        assert 1 == len(set(threads.map(lambda _: installation_secret(environ), range(8))))


def test_the_environment_leads(tmp_path: Path):
    environ = {"HEADGATE_DATA_DIR": str(tmp_path), "HEADGATE_SECRET_KEY": "x" * 32}
    assert "x" * 32 == installation_secret(environ)
    assert [] == list(tmp_path.iterdir())


def test_a_short_secret_is_refused():
    with pytest.raises(SecretError, match="HEADGATE_SECRET_KEY"):
        installation_secret({"HEADGATE_SECRET_KEY": "x" * 31})


def test_the_data_folder_is_beside_us_unless_it_is_named():
    assert Path(".headgate").absolute() == data_dir({})
    assert Path("/somewhere") == data_dir({"HEADGATE_DATA_DIR": "/somewhere"})
