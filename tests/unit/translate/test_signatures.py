import base64

from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.conversation import RedactedThinking, Thinking
from headgate.translate.signatures import (
    from_gemini,
    from_responses,
    googles,
    hidden_to_gemini,
    hidden_to_responses,
    is_marked,
    of_responses,
    to_gemini,
    to_responses,
)

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


@given(texts.filter(lambda text: not text.startswith("responses:")))
def test_what_another_provider_signed_or_hid_comes_back_from_a_response_as_it_went(text: str):
    assert Thinking(text="", signature=text) == from_responses(to_responses(text))
    assert RedactedThinking(data=text) == from_responses(hidden_to_responses(text))
    assert of_responses(text) is None


@given(texts.filter(lambda text: not text.startswith("headgate:")))
def test_what_a_speaker_of_responses_encrypted_is_marked_and_goes_back_unmarked(encrypted: str):
    parsed = from_responses(encrypted)
    assert isinstance(parsed, Thinking)
    assert encrypted == of_responses(parsed.signature) == to_responses(parsed.signature or "")
    assert is_marked(parsed.signature)


def test_what_anthropic_signed_has_no_mark():
    assert [False, False, True] == [is_marked(text) for text in (None, "EqQB", "google:c2ln")]
