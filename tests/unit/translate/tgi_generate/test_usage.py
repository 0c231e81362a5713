import msgspec
import pytest

from headgate.domain.usage import Usage, usage_of
from headgate.translate.tgi_generate.answer_shapes import Details
from headgate.translate.tgi_generate.usage import tgi_usage

TOKEN = {"id": 1, "text": "a", "logprob": None}


def usage(**details: object) -> Usage | None:
    return tgi_usage(msgspec.json.decode(msgspec.json.encode(details), type=Details))


def test_a_stream_tells_the_length_of_its_input():
    assert usage_of(input=12, output=4) == usage(generated_tokens=4, input_length=12)


def test_a_body_lists_the_tokens_of_its_input():
    assert usage_of(input=3, output=4) == usage(generated_tokens=4, prefill=[TOKEN] * 3)
    assert usage_of(input=12, output=4) == usage(generated_tokens=4, prefill=[TOKEN] * 3, input_length=12)


@pytest.mark.parametrize(
    "details",
    [
        {"generated_tokens": 4},
        {"generated_tokens": 4, "prefill": []},
        {"generated_tokens": 4, "prefill": [TOKEN]},
        {"generated_tokens": "4", "input_length": 12},
        {"generated_tokens": 4, "input_length": -12},
        {"generated_tokens": 4, "input_length": 1.5},
        {"generated_tokens": 4, "input_length": "many", "prefill": [TOKEN] * 3},
    ],
)
def test_an_input_that_was_not_told_makes_the_usage_unknown(details: dict):
    assert usage(**details) is None


def test_without_details_nothing_is_known():
    assert tgi_usage(None) is None
