import argparse

import pytest

from headgate.simulator.bill import DEFAULT_LIMIT
from headgate.simulator.command import add_arguments, main, read_settings
from headgate.simulator.knobs import ErrorKnob, Knobs
from headgate.simulator.settings import Settings


def parse(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(options)


def test_without_options_nothing_is_simulated_but_health():
    assert ("127.0.0.1", 8001, False) == (parse().host, parse().port, parse().until_stdin_closes)
    assert Settings(knobs=Knobs(), bill_limit=DEFAULT_LIMIT) == read_settings(parse())


def test_options_become_knobs():
    options = (
        "--latency-ms 1 --first-byte-ms 2 --tokens-per-second 3 --output-tokens 4 --cached-tokens 5 --bill-limit 6"
    )
    expected = Knobs(latency_ms=1, first_byte_ms=2, tokens_per_second=3, output_tokens=4, cached_tokens=5)
    assert Settings(knobs=expected, bill_limit=6) == read_settings(parse(*options.split()))


def test_an_error_has_a_probability_and_a_time_to_come_back():
    args = parse("--error-status", "429", "--error-probability", "0.5", "--retry-after", "9")
    assert Knobs(error=ErrorKnob(status=429, probability=0.5, retry_after=9)) == read_settings(args).knobs


def test_an_option_wins_over_the_same_knob_as_json():
    args = parse("--knobs", '{"latency_ms": 9, "no_usage": true}', "--latency-ms", "0")
    assert Knobs(latency_ms=0, no_usage=True) == read_settings(args).knobs


@pytest.mark.parametrize(
    ("named", "options"),
    [
        ("latency_ms", ["--latency-ms", "-1"]),
        ("fast", ["--knobs", '{"fast": true}']),
        ("--knobs", ["--knobs", "{"]),
        ("probability", ["--error-status", "500", "--error-probability", "2"]),
        ("bill-limit", ["--bill-limit", "0"]),
    ],
)
def test_options_that_cannot_be_read_are_named(capsys: pytest.CaptureFixture[str], named: str, options: list[str]):
    assert 2 == main(parse(*options))
    assert named in capsys.readouterr().err
