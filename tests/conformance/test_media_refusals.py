"""Bad input and used-up budgets at the doors that are no chat: a clear refusal, the field named, nothing charged."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.kit.doors import check, nothing_charged, post, wait_for_ingest
from tests.kit.gateway import GatewayProcess
from tests.kit.media import (
    COMPLETIONS,
    EDITS,
    FORMS,
    GOOD,
    IMAGES,
    MODERATIONS,
    RERANK,
    SPEECH,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    File,
    ask,
)
from tests.kit.purses import Purse, charged, open_purses

JSON = [path for path in GOOD if path not in FORMS]
SCOPES = {
    COMPLETIONS: "completions",
    MODERATIONS: "moderations",
    RERANK: "rerank",
    IMAGES: "images",
    EDITS: "images",
    SPEECH: "audio",
    TRANSCRIPTIONS: "audio",
    TRANSLATIONS: "audio",
}
WANTED: dict[str, list[dict[str, Any]]] = {
    "media no money": [{"limit": "0.000000001"}],
    "media no requests": [{"limit": "0", "unit": "requests", "period": "total"}],
    **{f"media once {path}": [{"limit": "1", "unit": "requests", "period": "total"}] for path in GOOD},
}
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def purses(gateway: GatewayProcess) -> dict[str, Purse]:
    return open_purses(gateway, WANTED)


@pytest.fixture
def nothing_is_charged(gateway: GatewayProcess) -> Iterator[None]:
    """No cost event, no traceback in the log."""
    with nothing_charged(gateway):
        yield


uncharged = pytest.mark.usefixtures("nothing_is_charged")


@uncharged
@pytest.mark.parametrize("path", JSON)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(gateway: GatewayProcess, path: str, body: bytes) -> None:
    assert check(post(gateway, path, body), path, 400)["code"] in {"empty_body", "invalid_json", "invalid_utf8"}


@uncharged
@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--e--\r\n"),
        ("multipart/form-data; boundary=e", b""),
        ("multipart/form-data; boundary=e", b"no form"),
        (
            "multipart/form-data; boundary=e",
            b'--e\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx',
        ),
        ("multipart/form-data; boundary=e", b"--e\r\nX: y\r\n\r\nx\r\n--e--\r\n"),
    ],
    ids=["json", "no boundary", "empty", "nonsense", "cut", "no name"],
)
def test_what_is_no_form_is_refused(gateway: GatewayProcess, path: str, content_type: str, body: bytes) -> None:
    check(post(gateway, path, body, content_type=content_type), path, 400, "invalid_form")


@uncharged
@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("model", ["", "x" * 300, "a\u0000b"])
def test_a_model_that_is_no_name_is_refused(gateway: GatewayProcess, path: str, model: str) -> None:
    assert check(ask(gateway, path, model=model), path, 400)["param"] == "model"


@uncharged
@pytest.mark.parametrize("path", GOOD)
def test_an_unknown_model_is_not_found(gateway: GatewayProcess, path: str) -> None:
    check(ask(gateway, path, model="no-such-model"), path, 404, "model_not_found")


@uncharged
@pytest.mark.parametrize("path", [path for path in GOOD if path != MODERATIONS])
def test_a_model_must_be_named(gateway: GatewayProcess, path: str) -> None:
    assert check(ask(gateway, path, model=None), path, 400, "missing_field")["param"] == "model"


@uncharged
@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (COMPLETIONS, "prompt", None),
        (COMPLETIONS, "max_tokens", "many"),
        (COMPLETIONS, "n", 0),
        (COMPLETIONS, "best_of", 1_000),
        (COMPLETIONS, "stream", "yes"),
        (MODERATIONS, "input", None),
        (MODERATIONS, "stream", True),
        (RERANK, "query", None),
        (RERANK, "documents", None),
        (RERANK, "documents", "one"),
        (IMAGES, "prompt", None),
        (IMAGES, "prompt", 7),
        (IMAGES, "n", 1.5),
        (SPEECH, "input", None),
        (SPEECH, "input", ["a"]),
        (SPEECH, "stream", True),
        (EDITS, "image", None),
        (EDITS, "image", "no file"),
        (EDITS, "prompt", None),
        (EDITS, "n", "two"),
        (TRANSCRIPTIONS, "file", None),
        (TRANSCRIPTIONS, "file", "no file"),
        (TRANSCRIPTIONS, "stream", "yes"),
        (TRANSLATIONS, "file", None),
        (TRANSLATIONS, "stream", "true"),
    ],
)
def test_a_field_at_fault_is_named(gateway: GatewayProcess, path: str, field: str, value: object) -> None:
    error = check(ask(gateway, path, **{field: value}), path, 400)
    assert error["param"] == field
    assert error["code"] in {"missing_field", "invalid_type", "invalid_value"}


@uncharged
@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("key", ["", "Bearer nobody"])
def test_no_key_and_nonsense_keys_are_refused(gateway: GatewayProcess, path: str, key: str) -> None:
    check(ask(gateway, path, headers={"authorization": key}), path, 401)


@uncharged
@pytest.mark.parametrize("path", GOOD)
def test_another_method_is_refused(gateway: GatewayProcess, path: str) -> None:
    answer = httpx2.get(gateway.url + path, headers={"authorization": f"Bearer {gateway.key}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@uncharged
@pytest.mark.parametrize("path", GOOD)
def test_a_model_of_another_kind_is_the_providers_to_refuse_or_has_no_price_here(
    gateway: GatewayProcess, path: str
) -> None:
    # An answer of an operator that has no such endpoint would be none of ours.
    check(ask(gateway, path, model="messages-small"), path, 404, "endpoint_not_supported")


def test_a_key_keeps_to_its_scopes(gateway: GatewayProcess) -> None:
    made = gateway.control(
        "from headgate.control.keys.operations import create_key\n"
        "from headgate.control.organizations.models import Organization\n"
        "print(create_key(Organization.objects.first(), 'media narrow', scopes=['audio']).plain)\n"
    )
    key = made.splitlines()[-1]
    for path, scope in SCOPES.items():
        answer = ask(gateway, path, key=key)
        if scope == "audio":
            assert answer.status == 200
        else:
            check(answer, path, 403, "scope_not_allowed")


@uncharged
@pytest.mark.parametrize("path", GOOD)
def test_without_money_nothing_is_sent_but_what_is_free(
    gateway: GatewayProcess, purses: dict[str, Purse], path: str
) -> None:
    purse = purses["media no requests" if path == MODERATIONS else "media no money"]
    error = check(ask(gateway, path, key=purse.key), path, 429, "limit_exceeded")
    assert error["source"] == "gateway"
    wait_for_ingest(gateway)
    assert charged(gateway, purse) == 0


@pytest.mark.parametrize("path", GOOD)
def test_a_budget_of_one_request_admits_one_which_is_booked_once(
    gateway: GatewayProcess, purses: dict[str, Purse], path: str
) -> None:
    purse = purses[f"media once {path}"]
    first = ask(gateway, path, key=purse.key)
    assert first.status == 200
    check(ask(gateway, path, key=purse.key), path, 429, "limit_exceeded")
    assert gateway.cost_event(first.headers["x-request-id"])["outcome"] == "ok"
    wait_for_ingest(gateway)
    assert len(gateway.rows("SELECT 1 FROM headgate_cost_event WHERE key_id = ?", purse.id)) == 1


@uncharged
def test_what_has_no_price_by_any_of_its_units_is_refused_under_a_budget(gateway: GatewayProcess) -> None:
    # The card of a model that chats has no rate for documents, and none for sound: it counts tokens.
    answer = ask(gateway, TRANSCRIPTIONS, model="sim/rerank")
    check(answer, TRANSCRIPTIONS, 402, "model_unpriced")


@uncharged
def test_a_form_with_too_many_parts_is_refused(gateway: GatewayProcess) -> None:
    part = b'--e\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'
    answer = post(gateway, TRANSCRIPTIONS, part * 100 + b"--e--\r\n", content_type="multipart/form-data; boundary=e")
    check(answer, TRANSCRIPTIONS, 400, "invalid_form")


@uncharged
def test_a_field_that_is_as_long_as_a_file_is_refused(gateway: GatewayProcess) -> None:
    answer = ask(gateway, TRANSCRIPTIONS, prompt="x" * 2_000_000)
    check(answer, TRANSCRIPTIONS, 413, "body_too_large")


@uncharged
def test_an_upload_over_its_limit_is_refused(gateway: GatewayProcess) -> None:
    answer = ask(gateway, TRANSCRIPTIONS, file=File("a.mp3", bytes(105_000_000)))
    check(answer, TRANSCRIPTIONS, 413, "body_too_large")
