import pytest

from headgate.client import NotConfigured
from headgate.client.options import read_options
from headgate.client.requests import TextRequest, labels_of, text_call

OPTIONS = read_options(base_url=None, api_key="k", timeout_s=600, max_retries=2, idempotent=True, environ={})


def call(request: TextRequest, **changes):
    return text_call(request, OPTIONS, **({"stream": False, "drawn_key": "drawn"} | changes))


def test_what_is_not_given_is_not_sent():
    outgoing = call({"model": "m", "messages": "Hi", "temperature": None, "max_tokens": None, "user_id": None})
    assert b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}' == outgoing.body
    assert {"authorization", "content-type", "x-headgate-receipt", "idempotency-key"} == set(outgoing.headers)


def test_a_conversation_is_sent_as_it_is():
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert (
        b'[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi"}]'
        in call({"model": "m", "messages": messages}).body
    )


def test_a_patience_of_its_own():
    assert (600, 5) == (
        call({"model": "m", "messages": "Hi"}).timeout_s,
        call({"model": "m", "messages": "Hi", "timeout_s": 5}).timeout_s,
    )


@pytest.mark.parametrize("label", ["ä", "a\nb", "\x00"])
def test_a_label_that_no_header_can_carry_is_refused_by_its_name(label: str):
    with pytest.raises(NotConfigured, match="team_id"):
        labels_of({"team_id": label})
