from pathlib import Path

import pytest

from headgate.cli.banner import banner

SECRETS = {"key": "sk-hg-1", "admin_username": "admin", "admin_password": "pass-1"}


def test_the_first_start_shows_the_secrets_and_a_command_to_try():
    said = banner("127.0.0.1", 8000, SECRETS, Path("/data"))
    assert "Headgate is ready at http://localhost:8000" in said
    assert "admin / pass-1" in said
    assert "curl http://localhost:8000/v1/chat/completions" in said
    assert 2 == said.count("sk-hg-1")
    assert "sim/small" in said


def test_later_starts_show_none():
    said = banner("127.0.0.1", 8000, None, Path("/data"))
    assert "http://localhost:8000/admin/" in said
    assert "/data (kept" in said
    assert "password " not in said
    assert "sk-" not in said


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "localhost"), ("::", "localhost"), ("10.0.0.9", "10.0.0.9")])
def test_an_address_that_can_be_opened_is_shown(host: str, shown: str):
    assert f"http://{shown}:9/admin/" in banner(host, 9, None, Path("/data"))
