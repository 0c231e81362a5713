import json

import pytest

from headgate.client import errors
from headgate.client.errors import REMEDIES, StatusError, retry_after, status_error, stream_error


def error_of(status: int, code: str | None = None, source: str | None = "gateway", **headers: str) -> StatusError:
    said = {"message": "Said.", "code": code, "param": "model", "source": source}
    return status_error(status, headers, json.dumps({"error": said}).encode())


@pytest.mark.parametrize(
    ("expected", "status", "code", "source"),
    [
        ("BadRequest", 400, "missing_field", "gateway"),
        ("CannotTranslate", 400, "cannot_translate", "gateway"),
        ("NotAuthenticated", 401, "invalid_api_key", "gateway"),
        ("Unpriced", 402, "model_unpriced", "gateway"),
        ("Forbidden", 403, "model_not_allowed", "gateway"),
        ("PolicyBlocked", 403, "policy_blocked", "gateway"),
        ("NotFound", 404, "model_not_found", "gateway"),
        ("BadRequest", 405, "method_not_allowed", "gateway"),
        ("Conflict", 409, "idempotency_key_reused", "gateway"),
        ("BadRequest", 413, "body_too_large", "gateway"),
        ("BudgetExceeded", 429, "limit_exceeded", "gateway"),
        ("RateLimited", 429, "rate_limit_exceeded", "gateway"),
        ("LimitExceeded", 429, None, "gateway"),
        ("GatewayFault", 500, "internal_error", "gateway"),
        ("GatewayFault", 599, None, "gateway"),
        ("Unavailable", 503, "journal_full", "gateway"),
        ("ProviderError", 502, "upstream_broken", "provider"),
        ("ProviderTimeout", 504, "upstream_timeout", "provider"),
        ("ProviderError", 429, "rate_limit_exceeded", "provider"),
        ("ProviderError", 400, "upstream_rejected", "provider"),
    ],
)
def test_a_class_says_what_happened_and_whose_fault_it_was(expected: str, status: int, code: str | None, source: str):
    error = error_of(status, code, source)
    assert (expected, status, code, source) == (type(error).__name__, error.status, error.code, error.source)


def test_an_error_carries_id_field_remedy_and_when_to_come_back():
    error = error_of(
        429, "rate_limit_exceeded", **{"x-request-id": "aigw_1_a", "retry-after": "7", "x-should-retry": "true"}
    )
    assert ("aigw_1_a", "model", 7.0, True) == (error.request_id, error.field, error.retry_after_s, error.should_retry)
    assert "Wait retry_after_s seconds, or lower max_tokens." == error.remedy
    assert "Said." == str(error)


def test_a_providers_own_words_are_known_by_the_headers_that_come_with_them():
    body = b'{"error":{"message":"Too many.","type":"rate_limit","code":"slow_down"}}'
    error = status_error(429, {"x-headgate-provider": "openai"}, body)
    assert ("ProviderError", "provider", "Too many.", None) == (
        type(error).__name__,
        error.source,
        error.message,
        error.remedy,
    )


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        ("HTTP 502: <html>Bad gateway</html>", b"<html>Bad gateway</html>"),
        ("HTTP 502", b""),
        ("HTTP 502: [1]", b"[1]"),
        ("Plain.", b'{"error": "Plain."}'),
        ('HTTP 502: {"error": null}', b'{"error": null}'),
        ("HTTP 502: \N{REPLACEMENT CHARACTER}", b"\xff"),
    ],
)
def test_what_is_no_error_of_ours_is_shown_as_it_is(expected: str, body: bytes):
    assert expected == status_error(502, {}, body).message


@pytest.mark.parametrize(
    ("expected", "headers"),
    [
        (None, {}),
        (7.0, {"retry-after": "7"}),
        (0.25, {"retry-after": "7", "retry-after-ms": "250"}),
        (None, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        (None, {"retry-after": "-1"}),
        (None, {"retry-after": "inf"}),
    ],
)
def test_when_to_come_back(expected: float | None, headers: dict[str, str]):
    assert expected == retry_after(headers)


def test_an_error_event_without_words_has_some():
    assert ("The stream ended in an error.", None) == (stream_error({}, None).message, stream_error({}, None).code)


def test_the_tree_in_the_documentation_is_the_tree():
    drawn = [line.strip("│├└─ ").split()[0] for line in errors.__doc__.splitlines() if "──" in line]
    there = [
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.HeadgateError)
    ]
    assert sorted(["HeadgateError", *drawn]) == sorted(there)


def test_remedies_are_sentences():
    assert [] == [remedy for remedy in REMEDIES.values() if not remedy.endswith(".") or not remedy[0].isupper()]
