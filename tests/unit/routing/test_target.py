import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS
from headgate.routing.table import RouteTable
from headgate.routing.target import Target
from tests.kit.routes import ACME, route


@pytest.mark.parametrize(
    ("provider", "format_", "name", "value"),
    [
        ("openai", Format.OPENAI_CHAT, "authorization", "Bearer sk"),
        ("anthropic", Format.ANTHROPIC_MESSAGES, "x-api-key", "sk"),
        ("anthropic", Format.ANTHROPIC_MESSAGES, "anthropic-version", "2023-06-01"),
        ("openai", Format.OPENAI_CHAT, "content-type", "application/json"),
        ("gemini", Format.GEMINI, "x-goog-api-key", "sk"),
        ("gemini", Format.OPENAI_CHAT, "authorization", "Bearer sk"),
    ],
)
def test_headers_show_the_credential_as_the_operator_wants_it(provider: str, format_: Format, name: str, value: str):
    (target,) = RouteTable([route("m", "d", provider=provider)]).targets("m", organization_id=ACME, shared=True)
    assert value == target.headers(format_, {})[name]


def test_only_headers_of_the_operators_protocol_are_forwarded():
    (target,) = RouteTable([route("m", "d", provider="anthropic")]).targets("m", organization_id=ACME, shared=True)
    client = {
        "anthropic-version": "2024-01-01",
        "anthropic-beta": "b",
        "authorization": "Bearer virtual",
        "x-api-key": "virtual",
        "cookie": "c",
        "x-forwarded-for": "1.2.3.4",
    }
    expected = {
        "content-type": "application/json",
        "anthropic-version": "2024-01-01",
        "anthropic-beta": "b",
        "x-api-key": "sk",
    }
    assert expected == target.headers(Format.ANTHROPIC_MESSAGES, client)


def test_an_operator_without_credentials_is_shown_none():
    (target,) = RouteTable([route("m", "d", provider="sim")]).targets("m", organization_id=ACME, shared=True)
    assert Auth.NONE is target.provider.auth
    assert {"content-type"} == target.headers(Format.OPENAI_CHAT, {}).keys()


def test_an_address_is_the_base_and_the_formats_path():
    (target,) = RouteTable([route("m", "d")]).targets("m", organization_id=ACME, shared=True)
    assert "https://up.example/chat/completions" == target.url(Format.OPENAI_CHAT)


def test_a_path_may_hold_the_model_and_a_stream_another_path():
    provider = msgspec.structs.replace(
        PROVIDERS["openai"],
        paths={Format.GEMINI: "/models/{model}:generateContent"},
        stream_paths={Format.GEMINI: "/models/{model}:streamGenerateContent?alt=sse"},
    )
    target = Target(
        deployment_id=DeploymentId("d"), provider=provider, base_url="http://up", credential=None, model="a/b"
    )
    assert "http://up/models/a%2Fb:generateContent" == target.url(Format.GEMINI)
    assert "http://up/models/a%2Fb:streamGenerateContent?alt=sse" == target.url(Format.GEMINI, stream=True)


@pytest.mark.parametrize("auth", [Auth.X_API_KEY, Auth.API_KEY, Auth.X_GOOG_API_KEY])
def test_a_key_header_is_called_as_the_scheme(auth: Auth):
    provider = msgspec.structs.replace(PROVIDERS["openai"], auth=auth)
    target = Target(deployment_id=DeploymentId("d"), provider=provider, base_url="http://up", credential="s", model="m")
    assert "s" == target.headers(Format.OPENAI_CHAT, {})[auth.value]
