import pytest
from django.core.exceptions import ValidationError

from headgate.control.deployments.models import validate_address


@pytest.mark.parametrize("address", ["http://vllm:8000/v1", "https://api.example.org", "http://127.0.0.1:11434"])
def test_an_address_may_be_of_a_private_host(address: str):
    validate_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://x",
        "vllm:8000",
        "http://",
        "http://a b",
        "http://me@host",
        "http://host?x",
        "http://host#x",
        "http://[",
        "http://h:99999",
    ],
)
def test_what_is_no_upstream_address_is_refused(address: str):
    with pytest.raises(ValidationError):
        validate_address(address)
