import msgspec
import pytest
from structlog.testing import capture_logs

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.infra import routes as routes_module
from headgate.infra.routes import environment_routes, routes_of
from headgate.providers import table
from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS
from headgate.routing.table import Route, RouteTable
from headgate.snapshot.contract import Deployment
from headgate.snapshot.credentials import encrypt_credential
from tests.kit.fakes import ENVIRON, SECRET, snapshot_of


def deployment(**changes: object) -> Deployment:
    fields = {"id": DeploymentId("d1"), "organization_id": None, "name": "fast", "provider": "openai"} | changes
    return Deployment(**fields)


def own_routes(*deployments: Deployment, environ: dict | None = None) -> list[Route]:
    given = ENVIRON if environ is None else environ
    routes = routes_of(snapshot_of(*deployments), environ=given, secret=SECRET)
    return [route for route in routes if not route.deployment.id.startswith("env:")]


def test_a_deployment_without_a_credential_uses_the_environments_at_the_environments_address():
    environ = {"OPENAI_API_KEY": "secret-of-the-environment", "OPENAI_BASE_URL": "http://proxy.internal/v1/"}
    (route,) = own_routes(deployment(), environ=environ)
    assert ("http://proxy.internal/v1", "secret-of-the-environment") == (route.base_url, route.credential)


def test_the_environments_credential_never_goes_to_an_address_out_of_the_database():
    (route,) = own_routes(deployment(base_url="https://attacker.example"))
    assert ("https://attacker.example", None) == (route.base_url, route.credential)


def test_not_even_to_the_operators_own_address_when_the_database_names_it():
    (route,) = own_routes(deployment(base_url="https://api.openai.com/v1"))
    assert route.credential is None


def test_a_deployments_own_credential_goes_to_its_own_address():
    own = encrypt_credential("sk-own", secret=SECRET)
    (route,) = own_routes(deployment(base_url="https://eu.example/v1/", credential=own))
    assert ("https://eu.example/v1", "sk-own") == (route.base_url, route.credential)


def test_a_bearer_token_of_the_environment_is_shown_as_one_by_deployments_too():
    (route,) = own_routes(deployment(provider="anthropic"), environ={"ANTHROPIC_AUTH_TOKEN": "token"})
    assert (Auth.BEARER, "token") == (route.provider.auth, route.credential)


def test_a_credential_of_another_installation_leaves_the_deployment_out_and_says_so():
    foreign = encrypt_credential("sk-own", secret="another secret")
    with capture_logs() as logs:
        assert [] == own_routes(deployment(credential=foreign))
    assert ["deployment_left_out"] == [line["event"] for line in logs]


def test_an_unknown_operator_leaves_the_deployment_out_and_says_so():
    with capture_logs() as logs:
        assert [] == own_routes(deployment(provider="nobody"))
    assert "no provider 'nobody'" == logs[0]["reason"]


def test_an_operator_without_an_address_of_its_own_needs_one():
    with capture_logs() as logs:
        assert [] == own_routes(deployment(provider="sim"), environ={})
    assert "sim has no address of its own" == logs[0]["reason"]
    (route,) = own_routes(deployment(provider="sim", base_url="http://127.0.0.1:9"), environ={})
    assert "http://127.0.0.1:9/v1/messages" == route.base_url + route.provider.paths[Format.ANTHROPIC_MESSAGES]


AZURE = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"}
CLASSIC = "https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21"
PLAIN = "https://r.openai.azure.com/openai/v1/chat/completions"


def azure(environ: dict[str, str], **changes: object) -> str:
    """Where a deployment's chat requests go."""
    named = deployment(name="gpt", provider="azure_openai", **changes)
    routes = RouteTable(own_routes(named, environ=environ))
    (target,) = routes.targets("gpt", organization_id="x", shared=True)
    return target.url(Format.OPENAI_CHAT)


def test_an_api_version_leads_to_the_classic_addresses_wherever_it_comes_from():
    versioned = AZURE | {"OPENAI_API_VERSION": "2024-10-21"}
    other = AZURE | {"OPENAI_API_VERSION": "2025-04-01-preview"}
    assert CLASSIC == azure(versioned)
    assert CLASSIC == azure(AZURE, api_version="2024-10-21")
    assert CLASSIC == azure(other, api_version="2024-10-21")


def test_without_an_api_version_a_resource_gets_the_v1_addresses_with_and_without_their_suffix():
    own = encrypt_credential("sk-own", secret=SECRET)
    assert PLAIN == azure(AZURE)
    for address in (
        "https://r.openai.azure.com",
        "https://r.openai.azure.com/",
        "https://r.openai.azure.com/openai/v1/",
    ):
        assert PLAIN == azure({}, base_url=address)
        assert CLASSIC == azure({}, base_url=address, api_version="2024-10-21")
        assert PLAIN == azure(AZURE | {"OPENAI_API_VERSION": "2024-10-21"}, base_url=address)
    # An own credential at the environment's address: the version is the environment's own.
    assert PLAIN == azure(AZURE | {"OPENAI_API_VERSION": "2024-10-21"}, credential=own)


def test_an_azure_key_is_shown_in_its_own_header_and_an_entra_token_as_a_bearer():
    for variable, header, value in (
        ("AZURE_OPENAI_API_KEY", "api-key", "k"),
        ("AZURE_OPENAI_AD_TOKEN", "authorization", "Bearer k"),
    ):
        environ = {variable: "k", "AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com"}
        table = RouteTable(own_routes(deployment(name="gpt", provider="azure_openai"), environ=environ))
        (target,) = table.targets("gpt", organization_id="x", shared=True)
        assert {"content-type", header} == target.headers(Format.OPENAI_CHAT, {}).keys()
        assert value == target.headers(Format.OPENAI_CHAT, {})[header]


def test_an_api_version_where_there_are_none_leaves_the_deployment_out_and_says_so():
    with capture_logs() as logs:
        assert [] == own_routes(deployment(api_version="2024-10-21"))
    assert "OpenAI has no API versions." == logs[0]["reason"]


def test_a_deployment_may_speak_one_format_only():
    (route,) = own_routes(deployment(provider="anthropic", format="anthropic.messages"))
    assert {Format.ANTHROPIC_MESSAGES} == set(route.provider.paths)


def test_a_format_that_is_not_spoken_leaves_the_deployment_out_and_says_so():
    with capture_logs() as logs:
        assert [] == own_routes(deployment(format="anthropic.messages"), deployment(format="nonsense"))
    assert 2 == len(logs)
    assert logs[0]["reason"].startswith("OpenAI does not speak 'anthropic.messages'; it speaks openai.chat, ")


def test_the_environments_providers_are_shared_open_and_behind_everything_else():
    routes = environment_routes(ENVIRON)
    assert {"env:openai", "env:anthropic"} == {route.deployment.id for route in routes}
    assert {(None, "*", -1)} == {
        (route.deployment.organization_id, route.deployment.name, route.deployment.priority) for route in routes
    }


def test_an_empty_environment_has_no_routes():
    assert [] == environment_routes({})


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator that signs, at an address of the environment's zone."""
    signing = msgspec.structs.replace(
        PROVIDERS["openai"], name="zone", base_url="https://{ZONE}.up.test", auth=Auth.AWS, key_variables=()
    )
    for module in (table, routes_module):
        monkeypatch.setattr(module, "PROVIDERS", {"zone": signing})


@pytest.mark.usefixtures("zone")
def test_what_the_environment_signs_with_is_used_only_at_the_environments_address():
    environ = {"ZONE": "eu"}
    own = encrypt_credential("sk-own", secret=SECRET)
    (inherits,) = own_routes(deployment(provider="zone"), environ=environ)
    assert ("https://eu.up.test", None, True) == (inherits.base_url, inherits.credential, inherits.ambient)
    (elsewhere,) = own_routes(deployment(provider="zone", base_url="https://eu.up.test"), environ=environ)
    assert ("https://eu.up.test", None, False) == (elsewhere.base_url, elsewhere.credential, elsewhere.ambient)
    (alone,) = own_routes(deployment(provider="zone", credential=own), environ=environ)
    assert ("https://eu.up.test", "sk-own", False) == (alone.base_url, alone.credential, alone.ambient)
    (target,) = RouteTable([inherits]).targets("fast", organization_id="x", shared=True)
    assert target.ambient


@pytest.mark.usefixtures("zone")
def test_an_address_whose_variable_is_not_set_leaves_the_deployment_out_and_says_so():
    own = encrypt_credential("sk-own", secret=SECRET)
    with capture_logs() as logs:
        assert [] == own_routes(deployment(provider="zone", credential=own), environ={})
    assert "zone has no address of its own without ZONE" == logs[0]["reason"]
