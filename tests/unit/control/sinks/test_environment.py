import pytest

from headgate.control.environment import SettingsError
from headgate.control.sinks.environment import LangSmithSettings, langsmith_settings


def test_without_a_key_tracing_is_off_and_says_so():
    assert "LANGSMITH_API_KEY is not set." == langsmith_settings({}).why_off


def test_with_a_key_it_is_on_with_the_seeds_project():
    found = langsmith_settings({"LANGSMITH_API_KEY": "k"})
    assert (None, "allthrive-ai-gateway", "https://api.smith.langchain.com", 1.0) == (
        found.why_off,
        found.project,
        found.endpoint,
        found.sampling_rate,
    )


def test_everything_can_be_said():
    environ = {
        "LANGSMITH_API_KEY": "k",
        "LANGSMITH_PROJECT": "mine",
        "LANGSMITH_TRACING_ENABLED": "False",
        "LANGSMITH_ENDPOINT": "http://localhost:1984/",
        "LANGSMITH_TRACING_SAMPLING_RATE": "0.1",
    }
    found = langsmith_settings(environ)
    assert (
        LangSmithSettings(
            api_key="k", project="mine", enabled=False, endpoint="http://localhost:1984", sampling_rate=0.1
        )
        == found
    )
    assert "LANGSMITH_TRACING_ENABLED is false." == found.why_off


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LANGSMITH_TRACING_ENABLED", "perhaps"),
        ("LANGSMITH_ENDPOINT", "smith"),
        ("LANGSMITH_TRACING_SAMPLING_RATE", "10%"),
        ("LANGSMITH_TRACING_SAMPLING_RATE", "1.5"),
        ("LANGSMITH_TRACING_SAMPLING_RATE", "nan"),
    ],
)
def test_nonsense_stops_the_start_and_is_named(variable: str, value: str):
    with pytest.raises(SettingsError, match=f"{variable} is '{value}'"):
        langsmith_settings({variable: value})


def test_the_key_is_not_shown():
    assert "secret" not in repr(langsmith_settings({"LANGSMITH_API_KEY": "secret"}))
