"""The short way to read usage and the long one never disagree."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headgate.translate.usage import openai_chat_usage
from headgate.translate.usage_plain import plain_usage

counts = st.one_of(st.integers(-2, 30), st.integers(0, 10**13), st.none(), st.just("7"), st.just(1.5), st.booleans())
likely = st.integers(0, 40)


def details(*names: str) -> st.SearchStrategy[object]:
    return st.one_of(
        st.none(),
        st.fixed_dictionaries({}, optional={name: st.one_of(likely, counts) for name in names}),
        st.just("nothing"),
    )


usages = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": st.one_of(likely, counts),
        "completion_tokens": st.one_of(likely, counts),
        "total_tokens": st.one_of(likely, counts),
        "prompt_tokens_details": details("cached_tokens", "audio_tokens", "cache_write_tokens", "image_tokens"),
        "completion_tokens_details": details(
            "reasoning_tokens",
            "audio_tokens",
            "accepted_prediction_tokens",
            "rejected_prediction_tokens",
            "text_tokens",
        ),
        "cached_tokens": counts,
    },
)


@given(usages, st.booleans())
def test_what_the_short_way_reads_the_long_way_reads_too(usage: dict[str, object], consistent: bool) -> None:
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if consistent and type(prompt) is int and type(completion) is int:
        usage = usage | {"total_tokens": prompt + completion}
    short = plain_usage(msgspec.Raw(json.dumps(usage).encode()))
    assert short is None or short == openai_chat_usage(usage, frozenset())


def test_the_usual_object_is_read_the_short_way() -> None:
    usage = {
        "prompt_tokens": 212,
        "completion_tokens": 61,
        "total_tokens": 273,
        "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 20,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    short = plain_usage(msgspec.Raw(json.dumps(usage).encode()))
    assert short is not None
    assert short == openai_chat_usage(usage, frozenset())
