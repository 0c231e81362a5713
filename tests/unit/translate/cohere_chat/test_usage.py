from decimal import Decimal

import pytest

from headgate.domain.usage import Usage, usage_of
from headgate.translate.cohere_chat.usage import cohere_usage


def usage(billed: dict, processed: dict | None = None, **more: object) -> Usage | None:
    return cohere_usage({"billed_units": billed, "tokens": processed or {}, **more})


def test_what_is_billed_counts_and_not_what_was_processed():
    assert usage_of(input=6, output=7) == usage(
        {"input_tokens": 6, "output_tokens": 7}, {"input_tokens": 207, "output_tokens": 7}, cached_tokens=192
    )


def test_tokens_of_images_are_part_of_what_is_billed():
    billed, processed = {"input_tokens": 265, "output_tokens": 9}, {"input_tokens": 502, "image_tokens": 259}
    assert usage_of(input=6, input_image=259, output=9) == usage(billed, processed)
    assert usage_of(input_image=5, output=9) == usage({"input_tokens": 5, "output_tokens": 9}, {"image_tokens": 259})


def test_reasoning_is_part_of_the_output_and_never_more():
    billed = {"input_tokens": 8, "output_tokens": 50}
    assert usage_of(input=8, output=10, output_reasoning=40) == usage(billed, {"reasoning_tokens": 40})
    assert usage_of(input=8, output_reasoning=50) == usage(billed, {"reasoning_tokens": 90})


@pytest.mark.parametrize(
    "reported",
    [
        None,
        {},
        {"tokens": {"input_tokens": 207, "output_tokens": 7}},
        {"billed_units": {}},
        {"billed_units": {"input_tokens": 0, "output_tokens": 0}},
        {"billed_units": {"input_tokens": "6", "output_tokens": 7}},
        {"billed_units": {"input_tokens": 6, "output_tokens": -1}},
        {"billed_units": {"input_tokens": Decimal("6.5"), "output_tokens": 7}},
        {"billed_units": [1, 2]},
    ],
)
def test_without_a_bill_that_can_be_read_the_usage_is_unknown(reported: dict | None):
    assert cohere_usage(reported) is None


def test_figures_may_be_written_with_a_point():
    assert usage_of(input=6, output=7) == usage({"input_tokens": Decimal("6.0"), "output_tokens": 7.0})
