import json

import pytest

from headgate.domain.conversation import Answer, StopReason, Text
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.tgi_generate.parse_answer import parse_answer

DETAILS = {"finish_reason": "length", "generated_tokens": 2, "prefill": [{"id": 1}, {"id": 2}], "tokens": []}


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: [body]], ids=["alone", "in a list"])
def test_a_generation_is_one_text(wrap):
    expected = Answer(parts=(Text(text="Hi"),), stop_reason=StopReason.MAX_TOKENS, usage=usage_of(input=2, output=2))
    assert expected == parse_answer(json.dumps(wrap({"generated_text": "Hi", "details": DETAILS})).encode())


def test_without_details_the_usage_is_unknown():
    assert Answer(stop_reason=StopReason.END_TURN) == parse_answer(b'{"generated_text":"","details":null}')


@pytest.mark.parametrize(
    ("field", "body"),
    [("generated_text", b"{}"), ("body", b"[]"), ("body", b'[{"generated_text":"a"},{}]'), ("[0]", b"[1]")],
)
def test_what_is_no_generation_is_refused(field: str, body: bytes):
    with pytest.raises(UntranslatableError) as refused:
        parse_answer(body)
    assert field == refused.value.field
