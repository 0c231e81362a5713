import base64

from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.conversation import RedactedThinking, Thinking
from headgate.translate.signatures import from_gemini, googles, hidden_to_gemini, to_gemini

texts = st.text(st.characters(codec="utf-8"), min_size=1)


def url_safe(written: str) -> str:
    """As Google's Python SDK writes what it got."""
    return base64.urlsafe_b64encode(base64.b64decode(written)).decode()


@given(texts)
def test_another_providers_signature_comes_back_as_it_went(signature: str):
    for written in (to_gemini(signature), url_safe(to_gemini(signature))):
        assert Thinking(text="", signature=signature) == from_gemini(written)
    assert googles(signature) is None


@given(texts)
def test_hidden_thinking_comes_back_as_it_went(data: str):
    assert RedactedThinking(data=data) == from_gemini(url_safe(hidden_to_gemini(data)))


@given(st.binary(min_size=1).filter(lambda signed: not signed.startswith(b"headgate:")))
def test_googles_own_signature_is_marked_and_goes_back_unmarked(signed: bytes):
    written = base64.b64encode(signed).decode()
    parsed = from_gemini(written)
    assert parsed == from_gemini(url_safe(written))
    assert isinstance(parsed, Thinking)
    assert written == googles(parsed.signature) == to_gemini(parsed.signature or "")


def test_a_word_that_is_no_base64_is_googles():
    assert Thinking(text="", signature="google:skip it") == from_gemini("skip it")
    assert googles(None) is None
