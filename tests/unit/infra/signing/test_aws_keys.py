import pytest

from headgate.infra.signing.aws_keys import keys_of_variables, region_of
from headgate.infra.signing.fresh import NoCredentialError
from headgate.providers.secrets import AwsKeys

KEYS = AwsKeys(access_key_id="AK", secret_access_key="SK")


def test_keys_of_the_environment_need_both_variables():
    environ = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"}
    assert KEYS == keys_of_variables(environ)
    assert "ST" == keys_of_variables(environ | {"AWS_SESSION_TOKEN": "ST"}).session_token
    assert keys_of_variables({"AWS_ACCESS_KEY_ID": "AK"}) is None
    assert keys_of_variables({}) is None


@pytest.mark.parametrize(
    ("expected", "host"),
    [
        ("us-east-1", "bedrock-runtime.us-east-1.amazonaws.com"),
        ("us-gov-west-1", "bedrock-runtime-fips.us-gov-west-1.amazonaws.com"),
        ("eu-central-1", "vpce-0a1b-2c3d.bedrock-runtime.eu-central-1.vpce.amazonaws.com"),
        ("cn-north-1", "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ("ap-southeast-3", "bedrock-mantle.ap-southeast-3.api.aws"),
    ],
)
def test_the_address_says_its_region(expected: str, host: str):
    assert expected == region_of(f"https://{host}/model/m/converse", KEYS, {"AWS_REGION": "us-west-2"})


def test_else_the_credential_or_the_environment_says_it():
    own = AwsKeys(access_key_id="AK", secret_access_key="SK", region="eu-west-1")
    environ = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-east-2"}
    assert "eu-west-1" == region_of("http://127.0.0.1:8001/", own, environ)
    assert "us-west-2" == region_of("http://127.0.0.1:8001/", KEYS, environ)
    assert "us-east-2" == region_of("http://127.0.0.1:8001/", KEYS, {"AWS_DEFAULT_REGION": "us-east-2"})
    with pytest.raises(NoCredentialError, match="set AWS_REGION, or add region"):
        region_of("http://127.0.0.1:8001/", KEYS, {})
