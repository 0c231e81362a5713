from decimal import Decimal
from pathlib import Path

import pytest

from headgate.simulator.models import MODELS, Kind
from headgate.simulator.prices import PRICES, Counts, charge


@pytest.mark.parametrize(
    ("expected", "model", "counts"),
    [
        (110 * 7 + 370 * 3, "echo", Counts(input=7, output=3)),
        (11 * 1000, "echo", Counts(cache_read=1000)),
        (230 * 10 + 890 * 2 + 23 * 5, "small", Counts(input=10, output=2, cache_read=5)),
        (
            2700 + 13100 + 270 + 3375 + 5400,
            "large",
            Counts(input=1, cache_read=1, cache_write=1, cache_write_1h=1, output=1),
        ),
        (1300 + 5900 * 4, "reasoner", Counts(input=1, output=1, output_reasoning=3)),
        (17 * 123, "embed", Counts(input=123)),
        (0, "small", Counts()),
    ],
)
def test_a_charge_is_the_sum_of_tokens_times_price(expected: int, model: str, counts: Counts):
    assert expected == charge(model, counts)


@pytest.mark.parametrize(("expected", "written"), [(288, 1), (575, 2), (862, 3), (1150, 4), (1438, 5)])
def test_half_a_nano_is_rounded_to_even(expected: int, written: int):
    assert expected == charge("small", Counts(cache_write=written))


def test_a_charge_is_rounded_once_and_not_per_bucket():
    assert 288 + 230 == charge("small", Counts(input=1, cache_write=1))
    assert 2 * 3_375 == charge("large", Counts(cache_write=2))


def test_reasoning_without_a_price_of_its_own_costs_what_output_costs():
    assert charge("small", Counts(output=12)) == charge("small", Counts(output=5, output_reasoning=7))


def test_a_huge_request_stays_exact():
    assert 13_100 * 10**12 == charge("large", Counts(output=10**12))


def test_totals_of_counts_leave_no_bucket_out():
    counts = Counts(input=1, cache_read=2, cache_write=4, cache_write_1h=8, output=16, output_reasoning=32)
    assert (15, 48) == (counts.prompt, counts.completion)


def test_every_model_of_the_catalogue_has_prices():
    assert set(MODELS) == set(PRICES)


@pytest.mark.parametrize(
    ("expected", "model", "counts"),
    [
        (3 * 1_900_000, "rerank", Counts(search_unit=3)),
        (2 * 13_000_000, "image", Counts(image=2, tier="standard/512x512")),
        (2 * 90_000_000, "image", Counts(image=2, tier="hd/1024x1024")),
        (14_000 * 7, "speech", Counts(character=7, output=9)),
        (90_000 * 61, "transcribe", Counts(audio_second=61)),
        (2_300 + 5_700 * 10 + 9_100 * 2, "transcribe-tokens", Counts(input=1, input_audio=10, output=2)),
        (0, "moderate", Counts(input=100)),
    ],
)
def test_other_things_than_tokens_have_prices_of_their_own(expected: int, model: str, counts: Counts):
    assert expected == charge(model, counts)


PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")


def cell(value: Decimal | int | None) -> str:
    return str(value) if value else "-"


def test_the_reference_lists_these_prices_and_limits():
    expected: list[str] = []
    for name, model in MODELS.items():
        if model.kind not in {Kind.CHAT, Kind.EMBEDDING}:
            continue
        prices = PRICES[name]
        reasoning = cell(prices.reasoning) if prices.reasoning or not prices.output else "as output"
        cells = [
            f"`sim/{name}`",
            cell(prices.input),
            cell(prices.output),
            reasoning,
            cell(prices.cache_read),
            cell(prices.cache_write),
            cell(prices.cache_write_1h),
            cell(model.context_window),
            cell(model.max_output),
        ]
        expected.append(f"| {' | '.join(cells)} |")
    assert expected == [line for line in PAGE.splitlines() if line.startswith("| `sim/") and line.count("|") == 10]


def test_the_reference_lists_what_the_others_count_and_charge():
    expected: list[str] = []
    for name, model in MODELS.items():
        if model.kind in {Kind.CHAT, Kind.EMBEDDING}:
            continue
        prices = PRICES[name]
        figures = [f"{tier} {price}" for tier, price in prices.tiers.items()]
        if prices.each:
            figures.append(f"{'any other ' if figures else ''}{prices.each}")
        figures += [
            f"{unit} {price}"
            for unit in ("input", "input_audio", "input_image", "output")
            if (price := getattr(prices, unit))
        ]
        expected.append(f"| `sim/{name}` | {model.kind.value} | {', '.join(figures) or 'free'} |")
    assert expected == [line for line in PAGE.splitlines() if line.startswith("| `sim/") and line.count("|") == 4]
