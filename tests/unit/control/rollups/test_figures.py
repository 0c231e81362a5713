from decimal import Decimal

from headgate.control.rollups.figures import Figures
from headgate.ledger.latency import BUCKETS, bucket_of
from headgate.ledger.rollups import COUNTS, HISTOGRAM


def test_shares_and_means_are_exact():
    figures = Figures(requests=7, errors=2, refused=1, timed=6, latency_us=9_000_001, amount_nano=10)
    assert (4, Decimal("0.285714"), Decimal("0.571429")) == (
        figures.succeeded,
        figures.error_rate,
        figures.success_rate,
    )
    assert (1_500.0, Decimal("0.00000001"), Decimal("0.000000002")) == (
        figures.avg_latency_ms,
        figures.cost_usd,
        figures.cost_per_request_usd,
    )


def test_nothing_has_no_shares_and_no_means():
    nothing = Figures()
    assert (None, None, None, None) == (
        nothing.error_rate,
        nothing.success_rate,
        nothing.avg_latency_ms,
        nothing.cost_per_request_usd,
    )
    assert Decimal(0) == nothing.cost_usd


def test_latencies_that_are_not_kept_are_not_zero():
    assert (None, None) == (Figures(requests=1).percentile_ms(95), Figures(requests=1).slow)


def test_a_row_of_a_query_brings_its_sums_and_its_latencies():
    row = {**dict.fromkeys(COUNTS, Decimal(2)), **dict.fromkeys(HISTOGRAM)}
    row[HISTOGRAM[bucket_of(6_000_000)]] = Decimal(2)
    figures = Figures.of_row(row)
    assert (2, 2, BUCKETS) == (figures.requests, figures.slow, len(figures.latencies or ()))
    assert 5_000 < (figures.percentile_ms(50) or 0) < 6_300
    assert Figures.of_row(dict.fromkeys(COUNTS)).latencies is None
