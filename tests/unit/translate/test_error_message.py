import pytest

from headgate.translate.error_message import error_message


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"error":{"message":"No such model.","type":"invalid_request_error","code":"x"}}', "No such model."),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}', "Overloaded"),
        (b'{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{}]}}', "Quota"),
        (b'[{"error":{"code":400,"message":"Bad argument"}}]', "Bad argument"),
        (b'{"message":"Input is too long."}', "Input is too long."),
        (b'{"object":"error","message":"Invalid model","type":"invalid_model","code":"1500"}', "Invalid model"),
        (b'{"object":"error","message":{"detail":[{"msg":"field required"}]}}', "field required"),
        (b'{"detail":"Unauthorized"}', "Unauthorized"),
        (b'{"detail":[{"loc":["body"],"msg":"not a list"},{"msg":"not empty"}]}', "not a list; not empty"),
        (b'{"id":"1","message":"too many tokens"}', "too many tokens"),
        (b'{"error":"model not found"}', "model not found"),
        (b'{"code":"Client error","error":"Incorrect API key"}', "Incorrect API key"),
        (b'{"error":{"code":"404","message":"Resource not found"}}', "Resource not found"),
        (b'{"errors":["first","second"]}', "first; second"),
        (b"upstream connect error", "upstream connect error"),
    ],
)  # fmt: skip
def test_the_message_is_found_in_every_shape(body: bytes, expected: str):
    assert expected == error_message(400, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"7",
        b'{"error":null}',
        b"<html><body>502</body></html>",
        b'{"error": {"mess',
        b"\x00\x01",
    ],
)
def test_without_a_message_the_status_is_said(body: bytes):
    assert "The provider answered with status 502 and no message." == error_message(502, body)


def test_a_message_without_end_is_cut():
    assert 1_000 == len(error_message(400, b'{"error":"' + b"x" * 5_000 + b'"}'))
