import pytest

from headgate.domain.usage import Usage, usage_of
from headgate.translate.usage_gemini import gemini_usage, grounded_searches, service_tier


def details(**counts: int) -> list[dict]:
    return [{"modality": modality, "tokenCount": count} for modality, count in counts.items()]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"promptTokenCount": 8, "candidatesTokenCount": 3, "totalTokenCount": 11}, usage_of(input=8, output=3)),
        ({"promptTokenCount": 8, "totalTokenCount": 8}, usage_of(input=8)),
        ({"promptTokenCount": 32, "candidatesTokenCount": 575, "toolUsePromptTokenCount": 619, "thoughtsTokenCount": 199,
          "totalTokenCount": 1425}, usage_of(input=651, output=575, output_reasoning=199)),
        ({"promptTokenCount": 424, "candidatesTokenCount": 70, "cachedContentTokenCount": 287, "thoughtsTokenCount": 287,
          "promptTokensDetails": details(TEXT=166, IMAGE=258), "cacheTokensDetails": details(IMAGE=175, TEXT=112)},
         usage_of(input=54, input_image=83, cache_read=112, cache_read_image=175, output=70, output_reasoning=287)),
        ({"promptTokenCount": 100, "cachedContentTokenCount": 900}, usage_of(cache_read=100)),
        ({"promptTokenCount": 9, "promptTokensDetails": [{"modality": 4, "tokenCount": 5}, {"modality": 1, "tokenCount": 4}]},
         usage_of(input=4, input_audio=5)),
        ({"promptTokenCount": 9, "promptTokenDetails": details(AUDIO=9)}, usage_of(input_audio=9)),
        ({"promptTokenCount": 9, "promptTokensDetails": details(VIDEO=5, DOCUMENT=4)}, usage_of(input=9)),
        ({"promptTokenCount": 9, "promptTokensDetails": details(AUDIO=50)}, usage_of(input_audio=9)),
        ({"promptTokenCount": 1, "candidatesTokenCount": 9, "candidatesTokensDetails": details(IMAGE=4, AUDIO=2)},
         usage_of(input=1, output=3, output_image=4, output_audio=2)),
        ({"promptTokenCount": 0, "candidatesTokenCount": 9}, usage_of(output=9)),
        ({"toolUsePromptTokenCount": 5, "toolUsePromptTokensDetails": details(AUDIO=2)}, usage_of(input=3, input_audio=2)),
        ({"promptTokenCount": 4, "promptTokensDetails": "x", "cacheTokensDetails": [7]}, usage_of(input=4)),
    ],
)  # fmt: skip
def test_figures_are_taken_apart(reported: dict, expected: Usage):
    assert expected == gemini_usage(reported)


@pytest.mark.parametrize(
    "reported",
    [None, {}, {"trafficType": "ON_DEMAND"}, {"totalTokenCount": 5}, {"promptTokenCount": "7"}, {"promptTokenCount": 0},
     {"promptTokenCount": 7, "thoughtsTokenCount": -1}, {"candidatesTokenCount": 23, "thoughtsTokenCount": 67}],
)  # fmt: skip
def test_what_cannot_be_read_is_unknown(reported: dict | None):
    assert gemini_usage(reported, searches=3) is None


def test_searches_stand_beside_the_tokens():
    assert usage_of(input=7, web_search=2) == gemini_usage({"promptTokenCount": 7}, searches=2)


@pytest.mark.parametrize(
    ("grounding", "model", "expected"),
    [
        ({"webSearchQueries": ["a", "b", ""]}, "gemini-3-flash-preview", 2),
        ({"webSearchQueries": ["a", "b"]}, "gemini-2.5-pro", 1),
        ({"webSearchQueries": ["a", "b"]}, None, 2),
        ({"webSearchQueries": []}, "gemini-2.5-pro", 0),
        ({"groundingChunks": [{"web": {}}, {"retrievedContext": {}}]}, "gemini-3-flash", 0),
        ({"groundingChunks": [{"maps": {"uri": "x"}}, {"maps": {}}]}, "gemini-3-flash", 1),
        ({"groundingChunks": "x", "webSearchQueries": 3}, "gemini-3-flash", 0),
    ],
)
def test_searches_with_a_fee_are_counted_as_google_bills_them(grounding: dict, model: str | None, expected: int):
    assert expected == grounded_searches(grounding, model)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"serviceTier": "standard"}, None),
        ({"serviceTier": "flex"}, "flex"),
        ({"serviceTier": "SERVICE_TIER_PRIORITY"}, "priority"),
        ({"trafficType": "ON_DEMAND"}, None),
        ({"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ({"trafficType": "PROVISIONED_THROUGHPUT"}, None),
        ({"trafficType": 1}, None),
    ],
)
def test_only_a_tier_that_changes_the_price_is_told(reported: dict, expected: str | None):
    assert expected == service_tier(reported)
