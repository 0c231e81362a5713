import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS, Unit, Usage, usage_of

EVENTS = {
    *(Unit.REQUEST, Unit.WEB_SEARCH, Unit.FILE_SEARCH, Unit.SEARCH_UNIT),
    *(Unit.CODE_SESSION, Unit.TOOL_IMAGE),
}
MEASURES = {Unit.IMAGE, Unit.CHARACTER, Unit.AUDIO_SECOND}
"""What is billed by a measure of its own, which is no token."""


def test_every_unit_is_input_output_or_an_event_and_only_one_of_them():
    assert set(Unit) == INPUT_UNITS | OUTPUT_UNITS | EVENTS | MEASURES
    assert not INPUT_UNITS & OUTPUT_UNITS
    assert not (INPUT_UNITS | OUTPUT_UNITS) & (EVENTS | MEASURES)


def test_totals_are_sums_of_their_buckets():
    usage = usage_of(input=10, cache_read=5, cache_write_1h=2, output=7, output_reasoning=3, web_search=4)
    assert (17, 10, 27) == (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


@given(st.dictionaries(st.sampled_from(Unit), st.integers(1, 10**12)))
def test_no_token_is_counted_twice(quantities: dict[Unit, int]):
    tokens = sum(count for unit, count in quantities.items() if unit not in EVENTS | MEASURES)
    assert tokens == Usage(quantities).total_tokens


def test_zeros_are_left_out():
    assert Usage({Unit.INPUT: 1}) == usage_of(input=1, output=0)


def test_negative_quantities_and_unknown_units_are_refused():
    with pytest.raises(ValueError, match="negative"):
        usage_of(input=-1)
    with pytest.raises(ValueError, match="tokens"):
        usage_of(tokens=1)
