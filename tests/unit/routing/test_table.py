import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS
from headgate.routing.table import Route, RouteTable, Target
from headgate.snapshot.contract import Deployment

ACME, OTHER = "a" * 32, "b" * 32


def route(
    name: str, id_: str, *, organization: str | None = None, provider: str = "openai", **changes: object
) -> Route:
    fields = {"id": DeploymentId(id_), "organization_id": organization, "name": name, "provider": provider} | changes
    return Route(
        deployment=Deployment(**fields), provider=PROVIDERS[provider], base_url="https://up.example", credential="sk"
    )


def ids(table: RouteTable, model: str, *, organization: str = ACME, shared: bool = True) -> list[str]:
    return [target.deployment_id for target in table.targets(model, organization_id=organization, shared=shared)]


def test_a_name_that_nobody_has_leads_nowhere():
    assert [] == ids(RouteTable([route("fast", "d")]), "slow")
    assert [] == ids(RouteTable([]), "fast")


def test_an_alias_sends_the_model_behind_it_and_a_plain_name_itself():
    table = RouteTable([route("fast", "d", model="gpt-4o"), route("gpt-4.1", "e")])
    (alias,) = table.targets("fast", organization_id=ACME, shared=True)
    (plain,) = table.targets("gpt-4.1", organization_id=ACME, shared=True)
    assert ("gpt-4o", "gpt-4.1") == (alias.model, plain.model)


def test_deployments_of_one_name_come_by_priority_whatever_their_order():
    routes = [route("fast", "low"), route("fast", "high", priority=9), route("fast", "middle", priority=3)]
    assert ["high", "middle", "low"] == ids(RouteTable(routes), "fast") == ids(RouteTable(routes[::-1]), "fast")


def test_an_organizations_own_come_before_shared_ones_whatever_their_priority():
    table = RouteTable([route("fast", "shared", priority=9), route("fast", "own", organization=ACME)])
    assert ["own", "shared"] == ids(table, "fast")


def test_another_organizations_deployments_are_not_seen():
    table = RouteTable([route("fast", "theirs", organization=OTHER), route("*", "open", organization=OTHER)])
    assert [] == ids(table, "fast")
    assert [] == ids(table, "openai/gpt-4o")
    assert [] == ids(table, "gpt-4o")
    assert [] == table.visible(organization_id=ACME, shared=True)


def test_an_organization_may_do_without_shared_deployments():
    table = RouteTable([route("fast", "shared"), route("*", "open"), route("fast", "own", organization=ACME)])
    assert ["own"] == ids(table, "fast", shared=False)
    assert [] == ids(table, "gpt-4o", shared=False)
    assert ["own"] == [found.deployment.id for found in table.visible(organization_id=ACME, shared=False)]


def test_an_open_deployment_serves_its_operators_models_with_and_without_the_prefix():
    table = RouteTable([route("*", "open")])
    (prefixed,) = table.targets("openai/gpt-4o", organization_id=ACME, shared=True)
    (bare,) = table.targets("gpt-4o", organization_id=ACME, shared=True)
    assert ("gpt-4o", "gpt-4o") == (prefixed.model, bare.model)
    assert [] == ids(table, "claude-sonnet-4-5")
    assert [] == ids(table, "openai/")


def test_an_exact_name_comes_before_a_prefix_and_hides_it():
    table = RouteTable([route("*", "open"), route("openai/gpt-4o", "exact"), route("gpt-4o", "bare")])
    assert ["exact"] == ids(table, "openai/gpt-4o")
    assert ["bare"] == ids(table, "gpt-4o")


def test_a_model_whose_own_name_has_a_slash_reaches_its_operator():
    table = RouteTable([route("*", "router", provider="openrouter")])
    (target,) = table.targets("openrouter/openai/gpt-4o", organization_id=ACME, shared=True)
    assert "openai/gpt-4o" == target.model


def test_the_longest_prefix_claims_a_bare_name_first():
    claimed = [(prefix, name) for name, provider in PROVIDERS.items() for prefix in provider.model_prefixes if prefix]
    assert ("gpt-", "openai") in claimed
    table = RouteTable([route("*", name, provider=name) for name in PROVIDERS])
    for prefix, name in claimed:
        longest = max(len(other) for other, _ in claimed if f"{prefix}x".startswith(other))
        if longest == len(prefix):
            assert name in ids(table, f"{prefix}x")[: sum(other == prefix for other, _ in claimed)]


@pytest.mark.parametrize(
    ("provider", "format_", "name", "value"),
    [
        ("openai", Format.OPENAI_CHAT, "authorization", "Bearer sk"),
        ("anthropic", Format.ANTHROPIC_MESSAGES, "x-api-key", "sk"),
        ("anthropic", Format.ANTHROPIC_MESSAGES, "anthropic-version", "2023-06-01"),
        ("openai", Format.OPENAI_CHAT, "content-type", "application/json"),
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
