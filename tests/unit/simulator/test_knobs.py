import re
from pathlib import Path

import msgspec
import pytest

from headgate.simulator.knobs import NO_KNOBS, ErrorKnob, Knobs, merge_knobs, parse_knobs


def test_knobs_are_read_from_json():
    expected = Knobs(latency_ms=5, error=ErrorKnob(status=429, probability=0.25, retry_after=7))
    actual = parse_knobs('{"latency_ms": 5, "error": {"status": 429, "probability": 0.25, "retry_after": 7}}')
    assert expected == actual


@pytest.mark.parametrize(
    ("named", "raw"),
    [
        ("speed", '{"speed": 1}'),
        ("latency_ms", '{"latency_ms": -1}'),
        ("tokens_per_second", '{"tokens_per_second": 0}'),
        ("status must be one of", '{"error": {"status": 418}}'),
        ("probability", '{"error": {"status": 500, "probability": 1.5}}'),
        ("retries", '{"error": {"status": 500, "retries": 2}}'),
    ],
)
def test_what_is_wrong_is_named(named: str, raw: str):
    with pytest.raises(msgspec.ValidationError, match=named):
        parse_knobs(raw)


def test_the_first_layer_that_sets_a_knob_wins():
    body = Knobs(latency_ms=0)
    header = Knobs(latency_ms=5, no_usage=True)
    defaults = Knobs(latency_ms=9, no_usage=False, break_after=3)
    assert Knobs(latency_ms=0, no_usage=True, break_after=3) == merge_knobs(body, header, defaults)


def test_nothing_over_nothing_is_nothing():
    assert merge_knobs(NO_KNOBS, NO_KNOBS) is NO_KNOBS
    assert Knobs(break_after=1) == merge_knobs(NO_KNOBS, Knobs(break_after=1))


def test_the_reference_lists_every_knob():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
    table = page.partition("| knob | effect |")[2].partition("\n\n")[0]
    assert list(Knobs.__struct_fields__) == re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
