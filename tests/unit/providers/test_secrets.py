import json

import msgspec
import pytest

from headgate.providers.provider import Auth
from headgate.providers.secrets import (
    TOKEN_URI,
    AwsKeys,
    SecretError,
    check_secret,
    hint_of,
    read_aws_keys,
    read_service_account,
)
from headgate.providers.table import PROVIDERS

ACCOUNT = {"type": "service_account", "client_email": "a@b", "private_key": "pem", "private_key_id": "0123456789abcdef"}


def test_keys_are_read():
    assert AwsKeys(access_key_id="AK", secret_access_key="SK") == read_aws_keys(
        ' {"access_key_id":"AK","secret_access_key":"SK"}'
    )
    whole = '{"access_key_id":"AK","secret_access_key":"SK","session_token":"ST","region":"eu-west-1","note":"ours"}'
    keys = read_aws_keys(whole)
    assert keys is not None
    assert ("ST", "eu-west-1") == (keys.session_token, keys.region)


def test_an_api_key_holds_no_keys():
    assert read_aws_keys("ABSKQmVkcm9jaw==") is None


@pytest.mark.parametrize(
    "secret",
    [
        '{"access_key_id":"AK"}',
        '{"access_key_id":"AK","secret_access_key":""}',
        '{"hunter2',
        "{}",
        '{"access_key_id":7}',
    ],
)
def test_what_holds_no_keys_is_not_quoted(secret: str):
    with pytest.raises(SecretError, match="access_key_id and secret_access_key") as found:
        read_aws_keys(secret)
    assert "hunter2" not in str(found.value)
    assert found.value.__suppress_context__


def test_a_service_account_is_read_and_asks_google_alone():
    for given in (ACCOUNT, {**ACCOUNT, "token_uri": TOKEN_URI}):
        assert {**ACCOUNT, "token_uri": TOKEN_URI} == read_service_account(json.dumps(given))


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        "[]",
        json.dumps({**ACCOUNT, "type": "external_account"}),
        json.dumps({**ACCOUNT, "token_uri": "http://169.254.169.254/"}),
    ],
)
def test_what_is_no_service_account_is_not_quoted(secret: str):
    with pytest.raises(SecretError, match="JSON key of a service account") as found:
        read_service_account(secret)
    assert "hunter2" not in str(found.value)


def test_only_those_that_sign_look_at_their_secret():
    check_secret(PROVIDERS["openai"], "{")
    with pytest.raises(SecretError, match="Bedrock"):
        check_secret(PROVIDERS["bedrock"], "{")
    with pytest.raises(SecretError, match="service account"):
        check_secret(msgspec.structs.replace(PROVIDERS["openai"], auth=Auth.GOOGLE), "{}")


@pytest.mark.parametrize(
    ("expected", "secret"),
    [
        ("6789", "sk-upstream-0123456789"),
        ("", "short"),
        ("MPLE", '{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"wJalrXUtnFEMI"}'),
        ("cdef", json.dumps(ACCOUNT)),
        ("", '{"secret_access_key":"wJalrXUtnFEMI/K7MDENG"}'),
        ("", '{"access_key_id":7}'),
        ("", '{"secret_access_key":"wJalrXUtnFEMI/K7MDENG'),
    ],
)
def test_a_hint_gives_nothing_away(expected: str, secret: str):
    assert expected == hint_of(secret)
