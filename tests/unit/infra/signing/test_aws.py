import json
import subprocess
import sys

import pytest

from headgate.domain.errors import UpstreamUnsigned
from headgate.infra.signing.aws import AwsSigner
from headgate.simulator.signatures import ACCESS_KEY_ID, SECRET_ACCESS_KEY, find_fault
from tests.kit.fakes import FakeClock
from tests.kit.targets import target_of

URL = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3A%3A%3Ainference-profile%2Fus.a.b-v1%3A0/converse"
TARGET = URL.removeprefix("https://bedrock-runtime.eu-west-1.amazonaws.com")
OWN = {"access_key_id": ACCESS_KEY_ID, "secret_access_key": SECRET_ACCESS_KEY}
HEADERS = {"content-type": "application/json", "x-request-id": "r1"}
VARIABLES = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}


def signer(environ: dict[str, str] | None = None) -> AwsSigner:
    return AwsSigner(environ or {}, FakeClock().monotonic)


def fault(headers: dict[str, str], body: bytes) -> str | None:
    return find_fault("POST", TARGET, {"host": "bedrock-runtime.eu-west-1.amazonaws.com", **headers}, body)


@pytest.mark.parametrize("token", [None, "session"])
async def test_a_deployments_own_keys_sign(token: str | None):
    own = OWN | ({"session_token": token} if token else {})
    headers = await signer().sign(target_of(json.dumps(own)), "POST", URL, HEADERS, b'{"a":1}')
    assert fault(headers, b'{"a":1}') is None
    assert ("r1", token) == (headers["x-request-id"], headers.get("x-amz-security-token"))
    assert "/eu-west-1/bedrock/" in headers["authorization"]
    assert fault(headers, b'{"a":2}') is not None


async def test_an_api_key_is_shown_as_it_is():
    headers = await signer().sign(target_of(" ABSK-key \n"), "POST", URL, HEADERS, b"")
    assert HEADERS | {"authorization": "Bearer ABSK-key"} == headers


async def test_the_environments_keys_sign_where_they_may():
    headers = await signer(VARIABLES).sign(target_of(ambient=True), "POST", URL, HEADERS, b"{}")
    assert fault(headers, b"{}") is None


async def test_the_environments_keys_never_sign_for_an_address_out_of_the_database():
    with pytest.raises(UpstreamUnsigned, match="give it one") as found:
        await signer(VARIABLES).sign(target_of(), "POST", URL, HEADERS, b"{}")
    assert ("openai", True) == (found.value.provider, found.value.unbilled)


async def test_what_cannot_be_signed_says_what_to_do_and_no_secret():
    with pytest.raises(UpstreamUnsigned, match="secret_access_key") as found:
        await signer().sign(target_of('{"secret_access_key":"hunter2"}'), "POST", URL, HEADERS, b"{}")
    assert "hunter2" not in str(found.value)
    with pytest.raises(UpstreamUnsigned, match="set AWS_REGION"):
        await signer().sign(target_of(json.dumps(OWN)), "POST", "http://127.0.0.1/", HEADERS, b"{}")


def test_who_signs_nothing_loads_neither_library():
    seen = (
        "import sys, headgate.server.compose;"
        "print([name for name in ('botocore', 'google.auth', 'urllib3') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert "[]\n" == loaded.stdout
