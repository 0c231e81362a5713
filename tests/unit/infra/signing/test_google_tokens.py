import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth import jwt

from headgate.infra.signing.fresh import Age, NoCredentialError
from headgate.infra.signing.google_tokens import SCOPES, Tokens, environment_account, service_account_of
from headgate.providers.secrets import TOKEN_URI

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ACCOUNT = {
    "type": "service_account",
    "client_email": "gateway@project.iam.gserviceaccount.com",
    "private_key": PEM,
    "private_key_id": "k1",
    "token_uri": TOKEN_URI,
}


class Google:
    """Stands for Google's transport: gives tokens that last so long, or refuses."""

    def __init__(self, *, lasts_s: int = 3_600, refuses: bool = False) -> None:
        self.lasts_s = lasts_s
        self.refuses = refuses
        self.asked: list[tuple[str, bytes]] = []

    def __call__(self, url: str, method: str = "GET", body: bytes = b"", **_: Any) -> "Google":
        self.asked.append((url, body))
        return self

    @property
    def status(self) -> int:
        return 400 if self.refuses else 200

    headers: dict[str, str] = {}

    @property
    def data(self) -> bytes:
        if self.refuses:
            return b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'
        return json.dumps({"access_token": f"t{len(self.asked)}", "expires_in": self.lasts_s}).encode()


def tokens(transport: Google, account: dict[str, Any] | None = None) -> Tokens:
    return Tokens(lambda: service_account_of(json.dumps(account or ACCOUNT)), transport)


def test_a_service_account_asks_google_for_a_token_in_its_own_name():
    google = Google()
    source = tokens(google)
    assert Age.DEAD is source.age()
    assert {"authorization": "Bearer t1"} == source.fetch()
    assert Age.FRESH is source.age()
    ((url, body),) = google.asked
    assert TOKEN_URI == url
    (assertion,) = parse_qs(body.decode())["assertion"]
    claims = jwt.decode(assertion, verify=False)
    assert (ACCOUNT["client_email"], TOKEN_URI, " ".join(SCOPES)) == (claims["iss"], claims["aud"], claims["scope"])


@pytest.mark.parametrize(("lasts_s", "expected"), [(3_600, Age.FRESH), (120, Age.STALE), (0, Age.DEAD)])
def test_a_token_ages(lasts_s: int, expected: Age):
    source = tokens(Google(lasts_s=lasts_s))
    source.fetch()
    assert expected is source.age()
    assert {"authorization": "Bearer t2"} == source.fetch()


def test_a_refusal_says_googles_reason_and_the_remedy():
    with pytest.raises(NoCredentialError, match=r"Invalid JWT Signature.*GOOGLE_APPLICATION_CREDENTIALS") as found:
        tokens(Google(refuses=True)).fetch()
    assert "PRIVATE KEY" not in str(found.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"token_uri": "https://attacker.example/token"},
        {"token_uri": "http://169.254.169.254/"},
        {"type": "external_account"},
        {"type": "authorized_user"},
        {"private_key": "hunter2"},
        {"client_email": None},
    ],
)
def test_only_the_key_of_a_service_account_at_googles_own_address_is_taken(changes: dict[str, Any]):
    account = {name: value for name, value in (ACCOUNT | changes).items() if value is not None}
    google = Google()
    with pytest.raises(NoCredentialError, match="JSON key of a service account") as found:
        tokens(google, account).fetch()
    assert [] == google.asked
    assert "hunter2" not in str(found.value)


def test_nothing_of_a_credential_that_cannot_be_read_is_quoted():
    with pytest.raises(NoCredentialError) as found:
        service_account_of('{"private_key": hunter2')
    assert "hunter2" not in str(found.value)


def test_the_environments_account_is_what_googles_own_tools_would_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "account.json"
    path.write_text(json.dumps(ACCOUNT))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    google = Google()
    assert {"authorization": "Bearer t1"} == Tokens(environment_account, google).fetch()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    with pytest.raises(NoCredentialError, match=r"absent\.json was not found"):
        Tokens(environment_account, google).fetch()


def test_a_token_that_never_came_leaves_nothing_to_show():
    source = tokens(Google(refuses=True))
    with pytest.raises(NoCredentialError):
        source.fetch()
    assert Age.DEAD is source.age()
