import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from headgate.infra.signing.fresh import Age, NoCredentialError
from headgate.infra.signing.sigv4 import EnvironmentKeys, sign
from headgate.providers.secrets import AwsKeys

VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No keys anywhere."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_headers_are_named_in_lower_case_and_only_what_must_be_is_signed():
    keys = AwsKeys(access_key_id="AK", secret_access_key="SK", session_token="ST")
    headers = sign(keys, "bedrock", "eu-west-1", "POST", "https://up.test/a", "application/json", b"{}")
    assert {"authorization", "content-type", "x-amz-date", "x-amz-security-token"} == headers.keys()
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token," in headers["authorization"]


def test_keys_of_a_profile_are_found_and_do_not_age(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = AK\naws_secret_access_key = SK\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    source = EnvironmentKeys()
    assert Age.DEAD is source.age()
    assert AwsKeys(access_key_id="AK", secret_access_key="SK") == source.fetch()
    assert Age.FRESH is source.age()


@pytest.mark.parametrize("profile", [None, "absent"])
def test_without_keys_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, profile: str | None):
    if profile is not None:
        monkeypatch.setenv("AWS_PROFILE", profile)
    source = EnvironmentKeys()
    with pytest.raises(NoCredentialError, match="AWS_PROFILE, or give the machine a role"):
        source.fetch()
    assert Age.DEAD is source.age()


class ContainerRole:
    """Gives the keys of a container's role, which last for so many seconds."""

    def __init__(self) -> None:
        self.lasts_s = 3_600
        self.asked = 0
        role = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                role.asked += 1
                ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=role.lasts_s)
                keys = {"AccessKeyId": f"AK{role.asked}", "SecretAccessKey": "SK", "Token": "ST"}
                body = json.dumps(keys | {"Expiration": ends.isoformat()}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[ContainerRole]:
    running = ContainerRole()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", running.url)
    yield running
    running.close()


def test_keys_of_a_role_are_fetched_again_before_they_are_too_old(role: ContainerRole):
    source = EnvironmentKeys()
    expected = AwsKeys(access_key_id="AK1", secret_access_key="SK", session_token="ST")
    assert [expected, expected] == [source.fetch(), source.fetch()]
    assert (Age.FRESH, 1) == (source.age(), role.asked)


@pytest.mark.parametrize(("lasts_s", "expected"), [(300, Age.STALE), (30, Age.DEAD)])
def test_keys_of_a_role_age(role: ContainerRole, lasts_s: int, expected: Age):
    role.lasts_s = lasts_s
    source = EnvironmentKeys()
    source.fetch()
    assert expected is source.age()
    role.lasts_s = 3_600
    asked = role.asked
    assert f"AK{asked + 1}" == source.fetch().access_key_id
    assert Age.FRESH is source.age()
