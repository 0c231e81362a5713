import datetime as dt

import pytest

from headgate.infra.signing import sigv4
from headgate.providers.secrets import AwsKeys
from headgate.simulator.signatures import ACCESS_KEY_ID, SECRET_ACCESS_KEY, find_fault, is_signed, signature_of

DATE = "20150830T123600Z"
HOST = {"host": "example.amazonaws.com", "x-amz-date": DATE}
FORM = {**HOST, "content-type": "application/x-www-form-urlencoded"}
IAM = {
    "host": "iam.amazonaws.com",
    "x-amz-date": DATE,
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
}


@pytest.mark.parametrize(
    ("expected", "method", "target", "headers", "body", "service"),
    [
        ("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "GET", "/", HOST, b"", "service"),
        ("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", "POST", "/", HOST, b"", "service"),
        (
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            "POST",
            "/",
            FORM,
            b"Param1=value1",
            "service",
        ),
        (
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            "GET",
            "/?Param2=value2&Param1=value1",
            HOST,
            b"",
            "service",
        ),
        (
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            "GET",
            "/?Action=ListUsers&Version=2010-05-08",
            IAM,
            b"",
            "iam",
        ),
    ],
)
def test_the_published_vectors_come_out(
    expected: str, method: str, target: str, headers: dict[str, str], body: bytes, service: str
):
    found = signature_of(
        method, target, headers, body, signed=sorted(headers), scope=("20150830", "us-east-1", service)
    )
    assert expected == found


KEYS = AwsKeys(access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY, session_token="session")
TARGET = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"


def signed() -> dict[str, str]:
    made = sigv4.sign(KEYS, "bedrock", "eu-west-1", "POST", f"https://up.test{TARGET}", "application/json", b'{"a":1}')
    return {"host": "up.test", "content-type": "application/json", "x-request-id": "r", **made}


def test_what_botocore_signs_is_in_order():
    assert is_signed(signed())
    assert find_fault("POST", TARGET, signed(), b'{"a":1}') is None


@pytest.mark.parametrize(
    ("fault", "method", "target", "body", "changes"),
    [
        ("does not match", "GET", TARGET, b'{"a":1}', {}),
        ("does not match", "POST", TARGET.replace("%3A", ":"), b'{"a":1}', {}),
        ("does not match", "POST", TARGET, b'{"a":2}', {}),
        ("does not match", "POST", TARGET, b'{"a":1}', {"host": "other.test"}),
        ("does not match", "POST", TARGET, b'{"a":1}', {"x-amz-security-token": "another"}),
        ("among the signed", "POST", TARGET, b'{"a":1}', {"x-amz-date": "20150830T123600Z"}),
        ("cannot be read", "POST", TARGET, b'{"a":1}', {"authorization": "AWS4-HMAC-SHA256 nonsense"}),
    ],
)
def test_whatever_was_changed_is_found(fault: str, method: str, target: str, body: bytes, changes: dict[str, str]):
    assert fault in str(find_fault(method, target, {**signed(), **changes}, body))


@pytest.mark.parametrize(
    ("fault", "was", "becomes"),
    [("is invalid", "AKIDEXAMPLE", "AKIDANOTHER"), ("correct service", "/bedrock/", "/s3/")],
)
def test_foreign_keys_and_services_are_found(fault: str, was: str, becomes: str):
    headers = signed()
    headers["authorization"] = headers["authorization"].replace(was, becomes)
    assert fault in str(find_fault("POST", TARGET, headers, b'{"a":1}'))


def test_a_header_that_is_not_signed_may_change():
    assert find_fault("POST", TARGET, {**signed(), "x-request-id": "other"}, b'{"a":1}') is None


def test_what_botocore_signs_is_the_published_vector(monkeypatch: pytest.MonkeyPatch):
    when = dt.datetime(2015, 8, 30, 12, 36)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: when)
    keys = AwsKeys(access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY)
    content_type = "application/x-www-form-urlencoded"
    made = sigv4.sign(
        keys, "service", "us-east-1", "POST", "https://example.amazonaws.com/", content_type, b"Param1=value1"
    )
    assert DATE == made["x-amz-date"]
    assert made["authorization"].endswith("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")
