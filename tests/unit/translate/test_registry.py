import pytest

from headgate.domain.formats import Format
from headgate.providers.provider import UsageQuirk
from headgate.translate.registry import codec_for, provider_codec_for, stream_error

BODY = b"""{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":8,"completion_tokens_details":{"reasoning_tokens":5}}}"""


@pytest.mark.parametrize("format_", [Format.OPENAI_CHAT, Format.ANTHROPIC_MESSAGES, Format.GEMINI])
def test_a_codec_is_never_shared(format_: Format):
    assert codec_for(format_) is not codec_for(format_)


@pytest.mark.parametrize(
    "format_", [Format.OPENAI_EMBEDDINGS, Format.ANTHROPIC_COUNT_TOKENS, Format.GEMINI_COUNT_TOKENS]
)
def test_formats_that_only_pass_through_have_none(format_: Format):
    with pytest.raises(KeyError):
        codec_for(format_)
    with pytest.raises(KeyError):
        provider_codec_for(format_)


def test_the_quirks_of_an_operator_reach_the_reading_of_usage():
    quirks = frozenset({UsageQuirk.REASONING_OUTSIDE_COMPLETION})
    assert 2 == codec_for(Format.OPENAI_CHAT).parse_answer(BODY).usage.completion_tokens
    assert 7 == codec_for(Format.OPENAI_CHAT, quirks=quirks).parse_answer(BODY).usage.completion_tokens


def test_a_stream_that_broke_ends_in_the_words_of_its_format():
    ends = {format_: stream_error(format_, "It broke.", "c") for format_ in Format}
    assert b'"type":"message-end"' in ends[Format.COHERE_CHAT]
    assert b"event: error" in ends[Format.ANTHROPIC_MESSAGES]
    assert ends[Format.OPENAI_CHAT] == ends[Format.OPENAI_COMPLETIONS]
    assert all(b"It broke." in end for end in ends.values())
