import pytest

from headgate.client import NotConfigured
from headgate.client.options import Options, read_options


def options(environ: dict[str, str] | None = None, **changes) -> Options:
    given = {"base_url": None, "api_key": "k", "timeout_s": 600.0, "max_retries": 2, "idempotent": True} | changes
    return read_options(**given, environ=environ or {})


@pytest.mark.parametrize(
    ("expected", "base_url"),
    [
        ("http://127.0.0.1:8000", None),
        ("https://ai.example", "https://ai.example/"),
        ("https://ai.example", "https://ai.example/v1"),
        ("https://ai.example/gate", "https://ai.example/gate/v1/"),
    ],
)
def test_an_address_is_taken_with_and_without_v1(expected: str, base_url: str | None):
    assert expected == options(base_url=base_url).base_url


def test_what_is_given_wins_over_the_environment():
    environ = {"HEADGATE_BASE_URL": "http://b.example", "HEADGATE_API_KEY": "of the environment"}
    found = options(environ, base_url="http://a.example", api_key="given")
    assert ("http://a.example", "given") == (found.base_url, found.api_key)
    found = options(environ, api_key=None)
    assert ("http://b.example", "of the environment") == (found.base_url, found.api_key)


@pytest.mark.parametrize("address", ["gateway:8000", "ftp://a.example", "http://"])
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(NotConfigured, match="base_url"):
        options(base_url=address)


def test_without_a_key_nothing_can_be_asked():
    with pytest.raises(NotConfigured, match="HEADGATE_API_KEY"):
        options(api_key=None)


def test_a_short_patience_holds_for_the_connection_too():
    assert (10.0, 2.0) == (options().connect_timeout_s, options(timeout_s=2.0).connect_timeout_s)
