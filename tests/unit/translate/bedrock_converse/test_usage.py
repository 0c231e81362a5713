from decimal import Decimal

import pytest

from headgate.domain.usage import usage_of
from headgate.translate.bedrock_converse.usage import converse_usage


@pytest.mark.parametrize(
    ("expected", "wire"),
    [
        (usage_of(input=10, output=5), {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}),
        (
            usage_of(input=3, cache_read=1712, output=9),
            {"inputTokens": 3, "outputTokens": 9, "cacheReadInputTokens": 1712, "cacheReadInputTokenCount": 1712},
        ),
        (usage_of(cache_read=7, output=1), {"outputTokens": 1, "cacheReadInputTokenCount": 7}),
        (
            usage_of(input=3, cache_write=1712, output=9),
            {
                "inputTokens": 3,
                "outputTokens": 9,
                "cacheWriteInputTokens": 1712,
                "cacheWriteInputTokenCount": 1712,
                "cacheDetails": [{"ttl": "5m", "inputTokens": 1712}],
            },
        ),
        (
            usage_of(input=3, cache_write=700, cache_write_1h=300, output=9),
            {
                "inputTokens": 3,
                "outputTokens": 9,
                "cacheWriteInputTokens": 1000,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 200}, {"ttl": "1h", "inputTokens": 100}, 7, {"ttl": 1}],
            },
        ),
        (
            usage_of(cache_write_1h=30, output=1),
            {"outputTokens": 1, "cacheDetails": [{"ttl": "1h", "inputTokens": 30}]},
        ),
        (None, None),
        (None, {}),
        (None, {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}),
    ],
)
def test_every_token_is_in_one_bucket(expected: object, wire: dict[str, object] | None):
    assert expected == converse_usage(wire)


@pytest.mark.parametrize(
    "broken",
    [
        {"inputTokens": "10"},
        {"outputTokens": -1},
        {"cacheReadInputTokenCount": Decimal("0.5")},
        {"cacheWriteInputTokens": True},
        {"cacheDetails": [{"ttl": "1h", "inputTokens": "many"}]},
    ],
)
def test_a_figure_that_cannot_be_read_makes_the_usage_unknown(broken: dict[str, object]):
    assert converse_usage({"inputTokens": 10, "outputTokens": 5} | broken) is None
