from headgate.domain.formats import Format
from headgate.providers.table import PROVIDERS, provider


def offering(format_: Format) -> set[str]:
    return {name for name, value in PROVIDERS.items() if format_ in value.paths}


def test_the_simulator_offers_everything():
    for format_ in (
        Format.OPENAI_COMPLETIONS,
        Format.OPENAI_MODERATIONS,
        Format.OPENAI_IMAGES,
        Format.OPENAI_IMAGE_EDITS,
        Format.OPENAI_TRANSCRIPTIONS,
        Format.OPENAI_TRANSLATIONS,
        Format.OPENAI_SPEECH,
        Format.RERANK,
    ):
        assert {"sim"} <= offering(format_)


def test_paths_are_those_of_the_operators():
    assert "/openai/v1/audio/transcriptions" == provider("groq").paths[Format.OPENAI_TRANSCRIPTIONS]
    assert "/beta/completions" == provider("deepseek").paths[Format.OPENAI_COMPLETIONS]
    assert "/rerank" == provider("voyage").paths[Format.RERANK]
    assert Format.RERANK not in provider("openai").paths


def test_what_a_row_says_itself_stays_in_front():
    assert next(iter(provider("vllm").paths)) is Format.OPENAI_CHAT
    assert "/images/generations" == provider("azure_openai").paths[Format.OPENAI_IMAGES]


def test_some_end_a_text_completion_after_sixteen_tokens():
    endings = {name: value.completion_tokens for name, value in PROVIDERS.items() if value.completion_tokens}
    assert {"openai": 16, "azure_openai": 16, "vllm": 16, "sim": 16} == endings
