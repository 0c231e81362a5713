import json

import pytest

from headgate.domain.errors import (
    BadRequest,
    Conflict,
    Fault,
    Forbidden,
    GatewayError,
    LimitExceeded,
    NotAuthenticated,
    NotFound,
    TooLarge,
    Unavailable,
    Unpriced,
    UpstreamBroken,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnsayable,
)
from headgate.pipeline.doors import Envelope
from headgate.server.errors import render_error

REJECTED = {"provider": "openai", "unbilled": True, "body": b'{"secret": "body"}'}
ERRORS = [
    (BadRequest("No.", code="c", param="model"), 400, "invalid_request_error"),
    (NotAuthenticated("No.", code="c"), 401, "authentication_error"),
    (Unpriced("No.", code="c"), 402, "billing_error"),
    (Forbidden("No.", code="c"), 403, "permission_error"),
    (NotFound("No.", code="c"), 404, "not_found_error"),
    (TooLarge("No.", code="c"), 413, "request_too_large"),
    (Unavailable("No.", code="c"), 503, "overloaded_error"),
    (UpstreamUnreachable("No.", provider="openai", unbilled=True), 502, "api_error"),
    (UpstreamTimeout("No.", provider="openai", unbilled=False), 504, "timeout_error"),
    (UpstreamBroken("No.", provider="openai", unbilled=False), 502, "api_error"),
    (UpstreamRejected("No.", status=429, **REJECTED), 429, "rate_limit_error"),
    (UpstreamRejected("No.", status=529, **REJECTED), 529, "overloaded_error"),
    (UpstreamRejected("No.", status=418, **REJECTED), 418, "api_error"),
    (Conflict("No.", code="c"), 409, "conflict_error"),
    (LimitExceeded("No.", code="c"), 429, "rate_limit_error"),
]


@pytest.mark.parametrize(("error", "status", "kind"), ERRORS)
def test_an_anthropic_client_reads_its_own_shape(error: GatewayError, status: int, kind: str):
    rendered = render_error(error, Envelope.ANTHROPIC, "aigw_1_a")
    document = json.loads(rendered.body)
    assert (status, "error", kind, "aigw_1_a") == (
        rendered.status,
        document["type"],
        document["error"]["type"],
        document["request_id"],
    )


@pytest.mark.parametrize(("error", "status", "kind"), ERRORS)
def test_an_openai_client_reads_its_own_shape(error: GatewayError, status: int, kind: str):
    rendered = render_error(error, Envelope.OPENAI, "aigw_1_a")
    told = json.loads(rendered.body)["error"]
    assert status == rendered.status
    assert {"message", "type", "param", "code", "source", "request_id"} == told.keys()
    assert "(request aigw_1_a)" in told["message"]


GOOGLES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    418: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}


@pytest.mark.parametrize(("error", "status", "kind"), ERRORS)
def test_a_gemini_client_reads_its_own_shape(error: GatewayError, status: int, kind: str):
    rendered = render_error(error, Envelope.GEMINI, "aigw_1_a")
    told = json.loads(rendered.body)["error"]
    assert (status, status, GOOGLES[status]) == (rendered.status, told["code"], told["status"])
    assert "(request aigw_1_a)" in told["message"]
    (facts,) = told["details"]
    assert ("type.googleapis.com/google.rpc.ErrorInfo", "headgate") == (facts["@type"], facts["domain"])


def test_a_gemini_client_is_told_what_google_has_no_place_for():
    refusal = LimitExceeded("Fast.", code="rate_limit_exceeded", param="model", retry_after_s=3)
    facts, wait = json.loads(render_error(refusal, Envelope.GEMINI, "r").body)["error"]["details"]
    assert ("rate_limit_exceeded", {"source": "gateway", "request_id": "r", "param": "model"}) == (
        facts["reason"],
        facts["metadata"],
    )
    assert {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"} == wait
    theirs = json.loads(render_error(ERRORS[7][0], Envelope.GEMINI, "r").body)["error"]
    assert ("upstream_unreachable", "provider") == (
        theirs["details"][0]["reason"],
        theirs["details"][0]["metadata"]["source"],
    )


@pytest.mark.parametrize("envelope", [Envelope.OPENAI, Envelope.ANTHROPIC])
def test_who_is_at_fault_is_said(envelope: Envelope):
    ours, theirs = (json.loads(render_error(ERRORS[index][0], envelope, "r").body) for index in (0, 7))
    message = theirs.get("error")
    if envelope is Envelope.COHERE:
        message = theirs["message"]
    elif envelope is not Envelope.AI_REQUEST:
        ours, theirs, message = ours["error"], theirs["error"], theirs["error"]["message"]
    assert ("gateway", "model", "c") == (ours["source"], ours["param"], ours["code"])
    assert ("provider", None, "upstream_unreachable") == (theirs["source"], theirs["param"], theirs["code"])
    assert message.startswith("openai: ")


def test_the_request_api_tells_what_a_policy_found_apart_from_the_remedy():
    blocked = Forbidden('Model m is blocked by policy "A". Choose another model.', code="policy_blocked", param="model")
    told = json.loads(render_error(blocked, Envelope.AI_REQUEST, "r").body)
    assert (False, 'Model m is blocked by policy "A"', "Choose another model.") == (
        told["success"],
        told["error"],
        told["remedy"],
    )
    other = json.loads(render_error(NotFound("No. Choose.", code="c"), Envelope.AI_REQUEST, "r").body)
    assert ("No. Choose.", None) == (other["error"], other["remedy"])


@pytest.mark.parametrize("envelope", Envelope)
@pytest.mark.parametrize("error", [Fault("a password"), GatewayError("a password")])
def test_a_fault_shows_nothing_but_the_id(envelope: Envelope, error: GatewayError):
    rendered = render_error(error, envelope, "aigw_1_a")
    assert 500 == rendered.status
    assert b"password" not in rendered.body
    assert b"aigw_1_a" in rendered.body


def test_the_providers_body_is_not_shown_in_our_envelope():
    assert b"secret" not in render_error(ERRORS[10][0], Envelope.OPENAI, "r").body


def test_when_to_come_back_is_a_header():
    headers = dict(render_error(Unavailable("Later.", code="c", retry_after_s=5), Envelope.OPENAI, "r").headers)
    assert (b"5", b"r", b"application/json") == (
        headers[b"retry-after"],
        headers[b"x-request-id"],
        headers[b"content-type"],
    )
    assert b"retry-after" not in dict(render_error(ERRORS[0][0], Envelope.OPENAI, "r").headers)


@pytest.mark.parametrize("envelope", Envelope)
def test_sdks_are_told_not_to_repeat_what_a_budget_or_a_used_key_refused(envelope: Envelope):
    refusals = [
        LimitExceeded("Spent.", code="limit_exceeded", retry_after_s=3_600, should_retry=False),
        Conflict("Used.", code="idempotency_key_reused"),
    ]
    for refusal in refusals:
        assert b"false" == dict(render_error(refusal, envelope, "r").headers)[b"x-should-retry"]


@pytest.mark.parametrize("envelope", Envelope)
def test_a_providers_error_brings_its_headers(envelope: Envelope):
    error = UpstreamRejected("Slow.", provider="openai", unbilled=True, status=429, body=b"{}")
    error.headers = ((b"retry-after", b"9"), (b"x-should-retry", b"false"))
    assert list(error.headers) == render_error(error, envelope, "r").headers[-2:]


@pytest.mark.parametrize("envelope", Envelope)
def test_sdks_are_told_not_to_repeat_what_was_repeated_or_would_be_paid_again(envelope: Envelope):
    broken = UpstreamBroken("Broken.", provider="openai", unbilled=False)
    assert b"x-should-retry" not in dict(render_error(broken, envelope, "r").headers)
    broken.should_retry = False
    unsayable = UpstreamUnsayable("Strange.", provider="openai", unbilled=False)
    for error in (broken, unsayable):
        assert b"false" == dict(render_error(error, envelope, "r").headers)[b"x-should-retry"]


@pytest.mark.parametrize("envelope", Envelope)
def test_sdks_repeat_what_a_rate_limit_or_a_running_twin_refused(envelope: Envelope):
    refusals = [
        LimitExceeded("Fast.", code="rate_limit_exceeded", retry_after_s=3),
        Conflict("Running.", code="idempotency_key_in_use", retry_after_s=1),
    ]
    for refusal in refusals:
        headers = dict(render_error(refusal, envelope, "r").headers)
        assert b"x-should-retry" not in headers
        assert str(refusal.retry_after_s).encode() == headers[b"retry-after"]


def test_a_refusal_carries_how_its_limit_stands():
    standing = [(b"x-ratelimit-limit-requests", b"3"), (b"x-ratelimit-remaining-requests", b"0")]
    refusal = LimitExceeded("Fast.", code="rate_limit_exceeded", retry_after_s=3, headers=standing)
    headers = dict(render_error(refusal, Envelope.OPENAI, "r").headers)
    assert dict(standing) == {name: value for name, value in headers.items() if name.startswith(b"x-ratelimit-")}


@pytest.mark.parametrize(("limit", "told"), [("max_tokens", "max_tokens"), ("maxOutputTokens", "maxOutputTokens")])
def test_a_remedy_names_the_limit_as_its_reader_does(limit: str, told: str):
    error = Unpriced('Blocked by policy "max_tokens": shorten it or lower max_tokens.', code="c")
    message = json.loads(render_error(error, Envelope.GEMINI, "aigw_1_a", limit=limit).body)["error"]["message"]
    assert message == f'Blocked by policy "max_tokens": shorten it or lower {told}. (request aigw_1_a)'
