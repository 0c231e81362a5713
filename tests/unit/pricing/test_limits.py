import msgspec

from headgate.domain.formats import Format
from headgate.pricing.limits import believed_limit, limit_fields
from headgate.providers.table import PROVIDERS


def test_the_fields_that_count_are_the_formats_and_the_operators():
    assert ("max_tokens",) == limit_fields(Format.ANTHROPIC_MESSAGES, PROVIDERS["openrouter"])
    assert ("max_tokens",) == limit_fields(Format.OPENAI_CHAT, PROVIDERS["mistral"])
    assert "max_completion_tokens" == limit_fields(Format.OPENAI_CHAT, PROVIDERS["anthropic"])[0]


def test_responses_have_a_limit_of_their_own():
    assert ("max_output_tokens",) == limit_fields(Format.OPENAI_RESPONSES, PROVIDERS["anthropic"])


def test_the_larger_of_two_limits_is_believed():
    given = {"max_tokens": msgspec.Raw(b"80"), "max_completion_tokens": msgspec.Raw(b"20")}
    assert 80 == believed_limit(Format.OPENAI_CHAT, given, PROVIDERS["openai"])


def test_geminis_limit_stands_in_its_config():
    assert ("maxOutputTokens",) == limit_fields(Format.GEMINI, PROVIDERS["gemini"])
    given = {"generation_config": msgspec.Raw(b'{"max_output_tokens":7}'), "max_tokens": msgspec.Raw(b"80")}
    assert 7 == believed_limit(Format.GEMINI, given, PROVIDERS["gemini"])
    assert believed_limit(Format.GEMINI, {"maxOutputTokens": msgspec.Raw(b"7")}, PROVIDERS["gemini"]) is None
