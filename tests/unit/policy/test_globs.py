import pytest

from headgate.policy.globs import Globs, folded, names_of


@pytest.mark.parametrize(
    ("expected", "pattern", "model"),
    [
        (True, "gpt-4", "gpt-4"),
        (True, "gpt-4", "openai/gpt-4"),
        (True, "gpt-4", "openrouter/openai/gpt-4"),
        (True, "openai/gpt-4", "openrouter/openai/gpt-4"),
        (True, "openai/*", "openai/gpt-4"),
        (True, "GPT-4", "gpt-4"),
        (True, "gpt-4", "OpenAI/GPT-4"),
        (True, "gpt-?o", "gpt-4o"),
        (True, "gpt-[45]*", "gpt-5-mini"),
        (True, "*", "anything/at all"),
        (True, "****", "anything"),
        (True, "*-*-*", "a-b-c"),
        (True, "模型-*", "模型-大"),
        (True, "MODÈLE", "mode\N{COMBINING GRAVE ACCENT}le"),
        (True, "straße", "STRASSE"),
        (True, "gpt-4", "\N{FULLWIDTH LATIN SMALL LETTER G}pt-4"),
        (True, "[", "["),
        (True, "a[b", "a[b"),
        (False, "gpt-4", "gpt-4o"),
        (False, "gpt-4", "gpt-4/mini"),
        (False, "openai/gpt-4", "gpt-4"),
        (False, "azure/*", "openai/gpt-4"),
        (False, "gpt.4", "gpt-4"),
        (False, "[z-a]", "b"),
        (False, "", "gpt-4"),
        (False, "gpt-4|claude", "claude"),
    ],
)
def test_a_glob_matches_a_model_whole_under_any_of_its_names(expected: bool, pattern: str, model: str):
    assert expected == Globs([pattern]).match(names_of(model))


def test_an_empty_list_matches_nothing():
    assert not Globs([]).match(names_of("gpt-4"))


def test_one_of_several_globs_is_enough():
    globs = Globs([f"model-{number}" for number in range(2_000)] + ["gpt-*"])
    assert globs.match(names_of("model-1999"))
    assert globs.match(names_of("gpt-4"))
    assert not globs.match(names_of("model-2000"))


def test_many_stars_do_not_take_longer_than_there_is_time():
    assert not Globs(["*a" * 60 + "b"]).match(names_of("a" * 256))


def test_a_model_has_the_names_that_follow_each_slash():
    assert ("openrouter/openai/gpt-4", "openai/gpt-4", "gpt-4") == names_of("OpenRouter/OpenAI/GPT-4")
    assert ("fast", "gpt-4") == names_of("fast", "gpt-4")
    assert ("gpt-4",) == names_of("gpt-4", "GPT-4", None)
    assert ("openai/",) == names_of("openai/")
    assert () == names_of("", None)


def test_spellings_that_look_alike_are_one_name():
    assert folded("e\N{COMBINING ACUTE ACCENT}") == folded("É")
