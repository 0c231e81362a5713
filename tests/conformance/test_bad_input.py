"""Bad input: a clear 4xx in the door's envelope with the request id; never a 500, never a traceback, nothing charged."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.kit.doors import CHAT, DOORS, MESSAGES, body_for, check, nothing_charged, post
from tests.kit.gateway import GatewayProcess

OTHERS = """
import datetime as dt
from django.utils import timezone
from headgate.control.deployments.models import Deployment
from headgate.control.deployments.operations import save_deployment
from headgate.control.keys.operations import create_key, revoke_key
from headgate.control.organizations.models import Organization
from headgate.control.organizations.operations import create_organization, save_organization
demo = Organization.objects.exclude(name__startswith="Other").first()
other = create_organization("Other")
other.shared_deployments = False
save_organization(other)
closed = create_organization("Other closed")
save_deployment(Deployment(name="mystery", provider="openai", model="mystery-model", base_url="{simulator}/v1"))
save_deployment(Deployment(name="ours", provider="sim", model="small", organization=demo, base_url="{simulator}"))
keys = {
    "revoked": create_key(demo, "revoked"),
    "expired": create_key(demo, "expired", expires_at=timezone.now() - dt.timedelta(seconds=1)),
    "foreign": create_key(other, "foreign"),
    "closed": create_key(closed, "closed"),
    "narrow": create_key(demo, "narrow", allowed_models=["sim/echo"], scopes=["chat"]),
}
revoke_key(keys["revoked"].key)
closed.enabled = False
save_organization(closed)
import json
print(json.dumps({name: new.plain for name, new in keys.items()}))
"""


@pytest.fixture(scope="module")
def keys(gateway: GatewayProcess) -> dict[str, str]:
    """Keys that must not work, or only for little."""
    printed = gateway.control(OTHERS.replace("{simulator}", gateway.child_url("simulate")))
    gateway.wait_for_revision(gateway.revision())
    found: dict[str, str] = json.loads(printed.splitlines()[-1])
    return found


@pytest.fixture(autouse=True)
def nothing_is_charged(gateway: GatewayProcess) -> Iterator[None]:
    """No cost event, no traceback in the log."""
    with nothing_charged(gateway):
        yield


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"model": NaN}', b'{"model": Infinity}', b"[" * 200_000, b"{}x"],
    ids=["cut", "list", "string", "null", "not-utf8", "nan", "infinity", "deep", "trailing"],
)
def test_what_is_no_json_object_is_refused(gateway: GatewayProcess, path: str, body: bytes) -> None:
    error = check(post(gateway, path, body), path, 400)
    assert error["code"] in {"invalid_json", "invalid_utf8"}


@pytest.mark.parametrize("path", DOORS)
def test_an_empty_body_is_refused(gateway: GatewayProcess, path: str) -> None:
    check(post(gateway, path, b""), path, 400, "empty_body")


@pytest.mark.parametrize("path", DOORS)
def test_invalid_utf8_inside_a_string_is_refused(gateway: GatewayProcess, path: str) -> None:
    body = body_for(path).replace(b"sim/", b"sim/\xff")
    check(post(gateway, path, body), path, 400, "invalid_utf8")


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("model", [None, 7, "", ["sim/small"], {"a": 1}, "x" * 300, "a\u0000b"])
def test_a_model_that_is_no_name_is_refused(gateway: GatewayProcess, path: str, model: object) -> None:
    error = check(post(gateway, path, body_for(path, model=model)), path, 400)
    assert error["param"] == "model"


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize(
    ("field", "value"),
    [("messages", "hi"), ("messages", None), ("stream", "yes"), ("max_tokens", "many"), ("tools", {"a": 1})],
)
def test_a_wrong_type_names_the_field(gateway: GatewayProcess, path: str, field: str, value: object) -> None:
    error = check(post(gateway, path, body_for(path, **{field: value})), path, 400, "invalid_type")
    assert error["param"] == field


@pytest.mark.parametrize("n", [-1, 0, 1.5, "two", 10**12])
def test_an_impossible_number_of_choices_is_refused(gateway: GatewayProcess, n: object) -> None:
    error = check(post(gateway, CHAT, body_for(CHAT, n=n)), CHAT, 400)
    assert error["param"] == "n"


@pytest.mark.parametrize("path", DOORS)
def test_an_unknown_model_is_not_found(gateway: GatewayProcess, path: str) -> None:
    check(post(gateway, path, body_for(path, model="no-such-model")), path, 404, "model_not_found")


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_an_unpriced_model_is_refused(gateway: GatewayProcess, keys: dict[str, str], path: str) -> None:
    assert keys
    check(post(gateway, path, body_for(path, model="mystery")), path, 402, "model_unpriced")


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("revoked", 401, "invalid_api_key"),
        ("expired", 401, "key_expired"),
        ("closed", 403, "organization_disabled"),
        ("foreign", 404, "model_not_found"),
    ],
)
def test_a_key_that_is_not_good_here_is_refused(
    gateway: GatewayProcess, keys: dict[str, str], path: str, name: str, status: int, code: str
) -> None:
    answer = post(gateway, path, body_for(path), authorization=f"Bearer {keys[name]}")
    check(answer, path, status, code)


def test_another_organizations_deployment_does_not_exist(gateway: GatewayProcess, keys: dict[str, str]) -> None:
    answer = post(gateway, CHAT, body_for(CHAT, model="ours"), authorization=f"Bearer {keys['foreign']}")
    check(answer, CHAT, 404, "model_not_found")


def test_a_narrow_key_keeps_to_its_models_and_endpoints(gateway: GatewayProcess, keys: dict[str, str]) -> None:
    bearer = f"Bearer {keys['narrow']}"
    check(post(gateway, CHAT, body_for(CHAT), authorization=bearer), CHAT, 403, "model_not_allowed")
    check(post(gateway, MESSAGES, body_for(MESSAGES), authorization=bearer), MESSAGES, 403, "scope_not_allowed")


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("key", ["", "Bearer ", "Basic abc", "Bearer sk-hg-\u00e9", "Bearer " + "x" * 4000])
def test_no_key_and_nonsense_keys_are_refused(gateway: GatewayProcess, path: str, key: str) -> None:
    check(post(gateway, path, body_for(path), authorization=key.encode("utf-8").decode("latin-1")), path, 401)


@pytest.mark.parametrize("path", DOORS)
def test_a_huge_body_is_refused(gateway: GatewayProcess, path: str) -> None:
    body = body_for(path, padding="x" * 50_000_000)
    check(post(gateway, path, body), path, 413, "body_too_large")


@pytest.mark.parametrize("path", DOORS)
def test_oversized_headers_are_refused(gateway: GatewayProcess, path: str) -> None:
    answer = post(gateway, path, body_for(path), **{f"x_padding_{number}": "x" * 7_000 for number in range(10)})
    check(answer, path, 400, "headers_too_large")


def test_a_label_that_is_too_long_is_refused(gateway: GatewayProcess) -> None:
    check(post(gateway, CHAT, body_for(CHAT), x_headgate_team="x" * 300), CHAT, 400, "label_too_long")


@pytest.mark.parametrize("path", DOORS)
def test_another_method_is_refused(gateway: GatewayProcess, path: str) -> None:
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("GET", path, headers={"authorization": f"Bearer {gateway.key}"})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (405, "method_not_allowed")
    connection.close()


def test_an_unknown_endpoint_is_not_found(gateway: GatewayProcess) -> None:
    check(post(gateway, "/v1/nothing", b"{}"), "/v1/nothing", 404, "no_such_endpoint")


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_what_the_other_format_cannot_say_names_the_field(gateway: GatewayProcess, path: str) -> None:
    if path == CHAT:
        body, field = body_for(path, model="messages-small", logprobs=True), "logprobs"
    else:
        tools = [{"type": "bash_20250124", "name": "bash"}]
        body, field = body_for(path, model="chat-small", tools=tools), "tools[0].type"
    error = check(post(gateway, path, body), path, 400, "cannot_translate")
    assert error["param"] == field


def test_under_a_budget_a_cost_without_a_bound_is_refused_before_it_is_translated(gateway: GatewayProcess) -> None:
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    answer = post(gateway, MESSAGES, body_for(MESSAGES, model="chat-small", tools=tools))
    check(answer, MESSAGES, 402, "model_unpriced")
