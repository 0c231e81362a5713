from decimal import Decimal

import pytest

from headgate.domain.usage import usage_of
from headgate.providers.provider import UsageQuirk
from headgate.translate.usage import anthropic_usage, openai_chat_usage, openai_embeddings_usage

NO_QUIRKS: frozenset[UsageQuirk] = frozenset()


def chat(quirk: UsageQuirk | None = None, **usage: object):
    return openai_chat_usage(usage, frozenset({quirk}) if quirk else NO_QUIRKS)


def test_cached_tokens_are_taken_out_of_the_prompt():
    usage = chat(prompt_tokens=100, completion_tokens=5, prompt_tokens_details={"cached_tokens": 64})
    assert usage_of(input=36, cache_read=64, output=5) == usage


def test_written_tokens_are_taken_out_of_the_prompt():
    details = {"cached_tokens": 10, "cache_write_tokens": 60}
    usage = chat(prompt_tokens=100, completion_tokens=5, prompt_tokens_details=details)
    assert usage_of(input=30, cache_read=10, cache_write=60, output=5) == usage


def test_reasoning_is_taken_out_of_the_completion():
    usage = chat(prompt_tokens=9, completion_tokens=50, completion_tokens_details={"reasoning_tokens": 41})
    assert usage_of(input=9, output=9, output_reasoning=41) == usage


def test_audio_and_images_have_their_own_buckets():
    usage = chat(
        prompt_tokens=100,
        completion_tokens=50,
        prompt_tokens_details={"audio_tokens": 30, "image_tokens": 20, "text_tokens": 50},
        completion_tokens_details={"audio_tokens": 40, "text_tokens": 10},
    )
    assert usage_of(input=50, input_audio=30, input_image=20, output=10, output_audio=40) == usage


def test_cached_audio_is_taken_out_of_cached_and_of_audio():
    details = {"cached_tokens": 40, "audio_tokens": 60, "cached_tokens_details": {"audio_tokens": 25}}
    usage = chat(prompt_tokens=100, completion_tokens=0, prompt_tokens_details=details)
    assert usage_of(input=25, input_audio=35, cache_read=15, cache_read_audio=25) == usage


@pytest.mark.parametrize(
    "name", ["cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens"]
)
def test_cached_tokens_are_found_at_the_top_level(name: str):
    usage = chat(prompt_tokens=20, completion_tokens=3, **{name: 12})
    assert usage_of(input=8, cache_read=12, output=3) == usage


def test_cached_tokens_under_two_names_count_once():
    usage = chat(
        prompt_tokens=351,
        completion_tokens=32,
        prompt_tokens_details={"cached_tokens": 256},
        prompt_cache_hit_tokens=256,
        prompt_cache_miss_tokens=95,
    )
    assert usage_of(input=95, cache_read=256, output=32) == usage


def test_more_cached_than_prompt_tokens_stay_within_the_prompt():
    usage = chat(prompt_tokens=20, completion_tokens=3, prompt_tokens_details={"cached_tokens": 150})
    assert usage_of(cache_read=20, output=3) == usage


def test_more_reasoning_than_completion_stays_within_the_completion():
    usage = chat(prompt_tokens=43, completion_tokens=10, completion_tokens_details={"reasoning_tokens": 11})
    assert usage_of(input=43, output_reasoning=10) == usage


def test_reasoning_outside_the_completion_comes_on_top():
    usage = chat(
        UsageQuirk.REASONING_OUTSIDE_COMPLETION,
        prompt_tokens=298,
        completion_tokens=17,
        total_tokens=485,
        completion_tokens_details={"reasoning_tokens": 170},
    )
    assert usage_of(input=298, output=17, output_reasoning=170) == usage


def test_a_total_that_leaves_no_room_says_that_reasoning_is_inside_after_all():
    usage = chat(
        UsageQuirk.REASONING_OUTSIDE_COMPLETION,
        prompt_tokens=10,
        completion_tokens=200,
        total_tokens=210,
        completion_tokens_details={"reasoning_tokens": 170},
    )
    assert usage_of(input=10, output=30, output_reasoning=170) == usage


def test_reasoning_that_only_the_total_shows_is_found():
    usage = chat(UsageQuirk.REASONING_IN_TOTAL_ONLY, prompt_tokens=8, completion_tokens=17, total_tokens=125)
    assert usage_of(input=8, output=17, output_reasoning=100) == usage


def test_audio_outside_the_prompt_comes_on_top():
    usage = chat(
        UsageQuirk.AUDIO_OUTSIDE_PROMPT,
        prompt_tokens=11,
        completion_tokens=15,
        total_tokens=401,
        prompt_tokens_details={"audio_tokens": 375, "cached_tokens": 9},
    )
    assert usage_of(input=2, cache_read=9, input_audio=375, output=15) == usage


def test_search_tokens_stand_beside_the_completion():
    usage = chat(
        UsageQuirk.SEARCH_TOKENS_APART,
        prompt_tokens=33,
        completion_tokens=7163,
        total_tokens=7196,
        citation_tokens=20016,
        num_search_queries=18,
        reasoning_tokens=73997,
    )
    expected = usage_of(input=33, output=7163, output_reasoning=73997, output_citation=20016, web_search=18)
    assert expected == usage


@pytest.mark.parametrize("name", ["server_tool_use", "server_tool_use_details"])
def test_searches_that_the_operator_ran_are_counted(name: str):
    usage = chat(prompt_tokens=5, completion_tokens=1, **{name: {"web_search_requests": 2}})
    assert usage_of(input=5, output=1, web_search=2) == usage


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"total_time": 0.1}])
def test_absent_usage_is_none_and_not_zero(usage: dict[str, object] | None):
    assert openai_chat_usage(usage, NO_QUIRKS) is None
    assert anthropic_usage(usage) is None
    assert openai_embeddings_usage(usage) is None


@pytest.mark.parametrize("strange", ["12", -1, 1.5, True, [], 10**13, Decimal("1e400")])
def test_a_total_that_is_no_count_makes_the_usage_unknown(strange: object):
    assert chat(prompt_tokens=strange, completion_tokens=3) is None
    assert anthropic_usage({"input_tokens": 3, "output_tokens": strange}) is None
    assert openai_embeddings_usage({"prompt_tokens": strange}) is None


@pytest.mark.parametrize("strange", ["12", -1, 1.5, True, [], 10**13, None])
def test_a_part_that_is_no_count_stays_in_the_whole(strange: object):
    details = {"cached_tokens": strange}
    assert usage_of(input=7, output=3) == chat(prompt_tokens=7, completion_tokens=3, prompt_tokens_details=details)


def test_whole_numbers_with_a_point_are_counts():
    assert usage_of(input=7, output=3) == chat(prompt_tokens=7.0, completion_tokens=Decimal("3.0"))


def test_details_that_are_no_object_are_ignored():
    assert usage_of(input=7, output=3) == chat(prompt_tokens=7, completion_tokens=3, prompt_tokens_details=[1])


def test_embeddings_have_input_only():
    assert usage_of(input=38) == openai_embeddings_usage({"prompt_tokens": 38, "total_tokens": 38})
    assert usage_of(input=38) == openai_embeddings_usage({"total_tokens": 38})


def test_anthropic_counts_the_cache_beside_the_input():
    usage = anthropic_usage(
        {"input_tokens": 3, "output_tokens": 40, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7}
    )
    assert usage_of(input=3, cache_read=100, cache_write=7, output=40) == usage


def test_the_lifetimes_of_cache_writes_are_told_apart():
    usage = anthropic_usage(
        {
            "input_tokens": 3,
            "output_tokens": 4,
            "cache_creation_input_tokens": 1_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600},
        }
    )
    assert usage_of(input=3, cache_write=400, cache_write_1h=600, output=4) == usage


def test_what_the_split_leaves_out_has_the_default_lifetime():
    usage = anthropic_usage(
        {
            "output_tokens": 4,
            "cache_creation_input_tokens": 12_174,
            "cache_creation": {"ephemeral_5m_input_tokens": 291, "ephemeral_1h_input_tokens": 100},
        }
    )
    assert usage_of(cache_write=12_074, cache_write_1h=100, output=4) == usage


def test_thinking_is_taken_out_of_the_output():
    usage = anthropic_usage({"input_tokens": 1, "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 45}})
    assert usage_of(input=1, output=5, output_reasoning=45) == usage


def test_anthropic_searches_are_counted():
    usage = anthropic_usage(
        {"input_tokens": 1, "output_tokens": 2, "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 1}}
    )
    assert usage_of(input=1, output=2, web_search=3) == usage


def test_calls_inside_the_call_are_added_unless_the_totals_hold_them():
    usage = anthropic_usage(
        {
            "input_tokens": 682,
            "output_tokens": 1_320,
            "iterations": [
                {"type": "compaction", "input_tokens": 60_385, "output_tokens": 592},
                {"type": "message", "input_tokens": 682, "output_tokens": 1_320},
                "noise",
            ],
        }
    )
    assert usage_of(input=61_067, output=1_912) == usage
