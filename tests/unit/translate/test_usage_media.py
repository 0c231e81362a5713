import json
from decimal import Decimal
from typing import Any

import pytest

from headgate.domain.usage import Usage, usage_of
from headgate.providers.provider import UsageQuirk
from headgate.translate.usage_media import image_usage, rerank_usage, speech_usage, transcription_usage

NONE: frozenset[UsageQuirk] = frozenset()
HUGE = 10**13


def decoded(document: Any) -> Any:
    return json.loads(json.dumps(document), parse_float=Decimal)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"meta": {"billed_units": {"search_units": 1}}}, usage_of(search_unit=1)),
        ({"meta": {"billed_units": {"search_units": 2.0}}, "usage": {"total_tokens": 9}}, usage_of(search_unit=2)),
        ({"usage": {"total_tokens": 43}}, usage_of(input=43)),
        ({"usage": {"prompt_tokens": 55, "total_tokens": 55}}, usage_of(input=55)),
        ({"usage": {"total_tokens": "many"}}, None),
        ({"meta": {"billed_units": {"search_units": -1}}}, None),
        ({"meta": None, "usage": None}, None),
        ({}, None),
    ],
)
def test_a_ranking_tells_searches_or_tokens(answer: Any, expected: Usage | None):
    assert expected == rerank_usage(decoded(answer))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"usage": {"type": "duration", "seconds": 9}, "duration": 8.47}, usage_of(audio_second=9)),
        ({"duration": 8.470000267028809}, usage_of(audio_second=9)),
        ({"duration": "8.47"}, usage_of(audio_second=9)),
        ({"duration": 60}, usage_of(audio_second=60)),
        (
            {
                "usage": {
                    "type": "tokens",
                    "input_tokens": 20,
                    "input_token_details": {"text_tokens": 6, "audio_tokens": 14},
                    "output_tokens": 45,
                    "total_tokens": 65,
                },
                "duration": 1.4,
            },
            usage_of(input=6, input_audio=14, output=45),
        ),
        (
            {"usage": {"prompt_audio_seconds": 203, "prompt_tokens": 4, "completion_tokens": 635}},
            usage_of(input=4, output=635, audio_second=203),
        ),
        ({"text": "hello"}, None),
        ({"duration": 0}, None),
        ({"duration": "long"}, None),
        ({"duration": "NaN"}, None),
        ({"duration": -1}, None),
        ({"duration": True}, None),
        ({"usage": {"type": "duration", "seconds": HUGE}}, None),
        ({"usage": {"type": "tokens", "input_tokens": "many"}}, None),
    ],
)
def test_a_transcription_tells_seconds_or_tokens(answer: Any, expected: Usage | None):
    assert expected == transcription_usage(decoded(answer), NONE)


@pytest.mark.parametrize(("seconds", "billed"), [(2.5, 10), (10, 10), (11.2, 12)])
def test_at_groq_ten_seconds_are_billed_at_least(seconds: float, billed: int):
    quirks = frozenset({UsageQuirk.TEN_SECONDS_AT_LEAST})
    assert usage_of(audio_second=billed) == transcription_usage(decoded({"duration": seconds}), quirks)


def test_speech_is_text_in_and_sound_out():
    usage = {"input_tokens": 12, "output_tokens": 80, "total_tokens": 92}
    assert usage_of(input=12, output_audio=80) == speech_usage(usage)
    assert speech_usage({"input_tokens": 12, "output_tokens": "80 or so"}) is None
    assert speech_usage({}) is None


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "input_tokens": 50,
                "output_tokens": 1_056,
                "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
            },
            usage_of(input=10, input_image=40, output_image=1_056),
        ),
        (
            {
                "input_tokens": 100,
                "output_tokens": 300,
                "input_tokens_details": {
                    "text_tokens": 40,
                    "image_tokens": 60,
                    "cached_tokens": 50,
                    "cached_tokens_details": {"image_tokens": 30, "text_tokens": 20},
                },
                "output_tokens_details": {"image_tokens": 272, "text_tokens": 28},
            },
            usage_of(input=20, input_image=30, cache_read=20, cache_read_image=30, output=28, output_image=272),
        ),
        ({"input_tokens": 5, "output_tokens": 7, "input_tokens_details": {"image_tokens": 90}}, None),
        ({"input_tokens": 5, "output_tokens": None}, usage_of(input=5)),
        ({"output_tokens": "many"}, None),
        ({}, None),
    ],
)
def test_images_are_tokens_in_and_out(usage: Any, expected: Usage | None):
    if usage.get("input_tokens_details") == {"image_tokens": 90}:
        expected = usage_of(input_image=5, output_image=7)
    assert expected == image_usage(usage)
