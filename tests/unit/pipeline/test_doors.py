import pytest

from headgate.pipeline.doors import (
    BATCH_EMBED_CONTENTS,
    DOORS,
    EMBED_CONTENT,
    GEMINI_COUNT_TOKENS,
    GENERATE_CONTENT,
    SPOKEN,
    STREAM_GENERATE_CONTENT,
    TRANSLATABLE,
    Door,
    find_door,
)
from headgate.translate.registry import codec_for, provider_codec_for


@pytest.mark.parametrize("path", DOORS)
def test_a_door_is_found_by_its_path(path: str):
    door = find_door(path)
    assert door is not None
    assert path == door.path


@pytest.mark.parametrize(
    ("path", "door", "model"),
    [
        ("/v1beta/models/gemini-2.5-flash:generateContent", GENERATE_CONTENT, "gemini-2.5-flash"),
        ("/v1/models/gemini-2.5-flash:generateContent", GENERATE_CONTENT, "gemini-2.5-flash"),
        ("/v1beta/models/sim/small:streamGenerateContent", STREAM_GENERATE_CONTENT, "sim/small"),
        ("/v1beta/models/ollama/llama3:8b:countTokens", GEMINI_COUNT_TOKENS, "ollama/llama3:8b"),
        ("/v1beta/models/models/x:embedContent", EMBED_CONTENT, "models/x"),
        ("/v1beta/models/:batchEmbedContents", BATCH_EMBED_CONTENTS, ""),
    ],
)
def test_the_path_of_a_gemini_door_names_the_model(path: str, door: Door, model: str):
    assert door is find_door(path)
    assert model == door.model_in(path)


@pytest.mark.parametrize(
    "path",
    ["/v1/chat", "/v1/chat/completions/", "/", "", "/v1/models/gpt-4o", "/v1beta/models/x:predict", "/v1beta/models/x"],
)
def test_nothing_else_is_a_door(path: str):
    assert find_door(path) is None


def test_what_a_door_translates_can_be_spoken_and_every_spoken_format_has_a_codec():
    assert TRANSLATABLE <= SPOKEN
    assert all(provider_codec_for(format_) for format_ in SPOKEN)
    assert all(codec_for(format_) for format_ in TRANSLATABLE)
