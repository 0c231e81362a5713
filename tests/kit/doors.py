"""Raw calls at the front doors of a running gateway, and what every refusal must look like."""

import http.client
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.kit.gateway import GatewayProcess, wait_until

CHAT, MESSAGES, EMBEDDINGS = "/v1/chat/completions", "/v1/messages", "/v1/embeddings"
RESPONSES = "/v1/responses"
DOORS = [CHAT, MESSAGES, EMBEDDINGS, RESPONSES]
BELOW_GEMINI = "/v1beta/models/"


class Answer:
    """One raw answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def post(gateway: GatewayProcess, path: str, body: bytes, *, key: str | None = None, **headers: str) -> Answer:
    """Post bytes as they are.

    Args:
        gateway: to this one.
        path: of the door.
        body: as it will leave.
        key: another virtual key than the gateway's own.
        headers: with underscores for dashes.
    """
    address = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        all_headers = {
            "authorization": f"Bearer {key or gateway.key}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        connection.request("POST", path, body, all_headers)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def body_for(path: str, **changes: object) -> bytes:
    """A good body with changes."""
    good: dict[str, object] = {"model": "sim/small", "max_tokens": 20}
    if path == EMBEDDINGS:
        good = {"model": "sim/embed", "input": "x"}
    elif path == RESPONSES:
        good = {"model": "sim/small", "max_output_tokens": 20, "input": "hi"}
    else:
        good["messages"] = [{"role": "user", "content": "hi"}]
    return json.dumps({**good, **changes}).encode()


def check(answer: Answer, path: str, status: int, code: str | None = None) -> dict[str, object]:
    """The door's envelope, with the request id in header and body."""
    assert answer.status == status, answer.body[:400]
    document = json.loads(answer.body)
    error: dict[str, object] = document["error"]
    request_id = answer.headers["x-request-id"]
    assert request_id.startswith("aigw_")
    assert request_id in str(error["message"])
    if path.startswith(BELOW_GEMINI):
        assert (error["code"], list(error)) == (status, ["code", "message", "status", "details"])
        error = _as_the_others(error)
    if path == MESSAGES:
        assert (document["type"], document["request_id"]) == ("error", request_id)
    else:
        assert error["request_id"] == request_id
    assert "Traceback" not in answer.body.decode()
    if code:
        assert error["code"] == code
    return error


def _as_the_others(error: dict[str, Any]) -> dict[str, object]:
    """What Google's envelope says in its details, by the names of the other doors."""
    detail = error["details"][0]
    assert detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    return {"message": error["message"], "code": detail["reason"], "param": None, **detail["metadata"]}


def wait_for_ingest(gateway: GatewayProcess) -> None:
    """Until everything that happened so far is in the books: a last refused request is, too."""
    marker = post(gateway, CHAT, b"{").headers["x-request-id"]
    wait_until(lambda: gateway.rows("SELECT 1 FROM headgate_request_log WHERE request_id = ?", marker), what="ingest")


@contextmanager
def nothing_charged(gateway: GatewayProcess) -> Generator[None]:
    """What happens meanwhile leaves no cost event, and no traceback in the log."""
    wait_for_ingest(gateway)
    before = len(gateway.rows("SELECT 1 FROM headgate_cost_event"))
    log_before = gateway.log().count("Traceback")
    yield
    wait_for_ingest(gateway)
    assert len(gateway.rows("SELECT 1 FROM headgate_cost_event")) == before
    assert gateway.log().count("Traceback") == log_before
