from decimal import Decimal

import pytest

from headgate.domain.usage import usage_of
from headgate.translate.ollama_chat.usage import ollama_usage


def test_what_was_read_and_written_is_counted():
    assert usage_of(input=15, output=50) == ollama_usage(
        {"prompt_eval_count": 15, "eval_count": 50, "total_duration": 9}
    )
    assert usage_of(input=15) == ollama_usage({"prompt_eval_count": 15, "eval_count": 0})
    assert usage_of(input=15, output=1) == ollama_usage({"prompt_eval_count": Decimal("15.0"), "eval_count": 1})


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"eval_count": 79},
        {"prompt_eval_count": 0, "eval_count": 79},
        {"prompt_eval_count": None, "eval_count": 79},
        {"prompt_eval_count": "15", "eval_count": 50},
        {"prompt_eval_count": 15, "eval_count": -1},
        {"prompt_eval_count": 15, "eval_count": 10**13},
    ],
)
def test_a_prompt_that_was_not_counted_makes_the_usage_unknown(counts: dict):
    assert ollama_usage(counts) is None
