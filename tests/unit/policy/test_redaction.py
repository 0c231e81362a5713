import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.policy.redaction import redact, redact_all

# Put together here, so that nothing that looks for secrets finds one in this file.
KEY = "sk-" + "hg-0123456789abcdefghij"


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("use [secret] now", f"use {KEY} now"),
        ("[secret]", "gh" + "p_0123456789abcdefghijABCDEFGHIJ"),
        ("[secret]", "AK" + "IA0123456789ABCDEF"),
        ("[secret]", "ey" + "JhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4"),
        ("Authorization: Bearer [secret]", "Authorization: Bearer abcdefghijklmnop0123"),
        ("postgres://[secret]@db/x", "postgres://user:pass@db/x"),
        ("a [private key] b", "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b"),
        ("[private key]", "-----BEGIN PRIVATE KEY-----\nMIIE cut off"),
        ("write to [e-mail].", "write to anna.b+c@mail.example.com."),
        ("[iban]", "DE89 3704 0044 0532 0130 00"),
        ("[card number]", "4111 1111 1111 1111"),
        ("data:image/png;base64,[300 characters of data]", "data:image/png;base64," + "iVBORw0K" * 37 + "abcd"),
        ("\\n[secret]", "\\n" + KEY),
        ("\\n[e-mail]", "\\nanna@example.com"),
    ],
)
def test_what_must_not_be_kept_says_what_it_was(expected: str, text: str):
    assert expected == redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "The ticket is 4111 1111 1111 1112.",
        "DE89 3704 0044 0532 0130 01",
        "3.14159265358979323846",
        "sk-short",
        "task-force-and-others",
        "a@b",
        "https://example.com/path?x=1",
        "The quick brown fox jumps over the lazy dog. " * 20,
    ],
)
def test_what_only_looks_like_it_stays(text: str):
    assert text == redact(text)


@given(st.text(alphabet=st.sampled_from('sk-_ABCabc0123456789@.:/ \n\\"é中'), max_size=400))
def test_a_second_time_changes_nothing(text: str):
    assert redact(text) == redact(redact(text))


def test_in_a_document_every_text_is_looked_at_and_nothing_else():
    document = {KEY: [1, 2.5, None, True, {"text": f"first\n{KEY}"}]}
    assert {KEY: [1, 2.5, None, True, {"text": "first\n[secret]"}]} == redact_all(document)


def test_a_text_with_json_in_it_stays_json():
    inner = json.dumps({"mail": "anna@example.com", "note": f"\n{KEY}"})
    assert {"mail": "[e-mail]", "note": "\n[secret]"} == json.loads(redact(inner))
