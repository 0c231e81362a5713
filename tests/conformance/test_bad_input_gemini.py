"""Bad input at Google's doors: its envelope, its words, never a 500, nothing charged. The model stands in the path."""

import json
from collections.abc import Iterator

import pytest

from tests.kit.doors import BELOW_GEMINI, check, nothing_charged, post
from tests.kit.gateway import GatewayProcess

ONCE, STREAMED = ":generateContent", ":streamGenerateContent?alt=sse"
EMBED = ":embedContent"
CONTENTS = [{"role": "user", "parts": [{"text": "hi"}]}]
UNPRICED = """
from headgate.control.deployments.models import Deployment
from headgate.control.deployments.operations import save_deployment
if not Deployment.objects.filter(name="mystery-gemini").exists():
    save_deployment(Deployment(name="mystery-gemini", provider="openai", model="m", base_url="{simulator}/v1"))
"""


@pytest.fixture(autouse=True)
def nothing_is_charged(gateway: GatewayProcess) -> Iterator[None]:
    """No cost event, no traceback in the log."""
    with nothing_charged(gateway):
        yield


def door(model: str = "sim/small", verb: str = ONCE) -> str:
    return f"{BELOW_GEMINI}{model}{verb}"


def asked(**changes: object) -> bytes:
    return json.dumps({"contents": CONTENTS, "generationConfig": {"maxOutputTokens": 20}, **changes}).encode()


@pytest.mark.parametrize("verb", [ONCE, STREAMED, EMBED])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"null", "invalid_json"),
        (b"[" * 200_000, "invalid_json"),
        (b"\xff\xfe", "invalid_utf8"),
        (b'{"contents": [], "x": NaN}', "invalid_json"),
    ],
    ids=["empty", "cut", "list", "null", "deep", "not-utf8", "nan"],
)
def test_what_is_no_json_object_is_refused(gateway: GatewayProcess, verb: str, body: bytes, code: str) -> None:
    check(post(gateway, door(verb=verb), body), door(), 400, code)


@pytest.mark.parametrize("verb", [ONCE, STREAMED])
@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"contents": "hi"}, "contents"),
        ({"contents": None}, "contents"),
        ({"generationConfig": 7}, "generationConfig"),
        ({"generationConfig": {"maxOutputTokens": "many"}}, "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"candidateCount": 0}}, "generationConfig.candidateCount"),
        ({"tools": "search"}, "tools"),
    ],
)
def test_a_wrong_value_names_the_field(
    gateway: GatewayProcess, verb: str, changes: dict[str, object], param: str
) -> None:
    assert param == check(post(gateway, door(verb=verb), asked(**changes)), door(), 400)["param"]


@pytest.mark.parametrize("verb", [ONCE, STREAMED, EMBED])
@pytest.mark.parametrize("model", ["no-such-model", "x" * 300, "%00"])
def test_an_unknown_model_is_not_found(gateway: GatewayProcess, verb: str, model: str) -> None:
    body = asked() if verb != EMBED else json.dumps({"content": CONTENTS[0]}).encode()
    answer = post(gateway, door(model, verb), body)
    assert answer.status in {400, 404}
    assert check(answer, door(), answer.status)["code"] in {"model_not_found", "invalid_value"}


@pytest.mark.parametrize("key", ["", "Bearer ", "Bearer sk-hg-unknown"])
def test_no_key_and_nonsense_keys_are_refused(gateway: GatewayProcess, key: str) -> None:
    check(post(gateway, door(), asked(), authorization=key), door(), 401)


def test_what_has_no_price_is_refused_in_googles_envelope(gateway: GatewayProcess) -> None:
    gateway.control(UNPRICED.replace("{simulator}", gateway.child_url("simulate")))
    gateway.wait_for_revision(gateway.revision())
    check(post(gateway, door("mystery-gemini"), asked()), door(), 402, "model_unpriced")


def test_a_huge_body_is_refused(gateway: GatewayProcess) -> None:
    check(post(gateway, door(), asked(padding="x" * 50_000_000)), door(), 413, "body_too_large")
