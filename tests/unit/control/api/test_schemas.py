import datetime as dt

from headgate.control.api.schemas import Analytics, Sums, points_of, span_of, sums_of, totals_of
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Point, Span

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def test_sums_have_every_field_of_their_schema():
    assert set(Sums.model_fields) == sums_of(Figures()).keys()


def test_totals_and_their_span_have_every_field_that_is_a_figure():
    given = {**totals_of(Figures()), **span_of(Span(dt.date(2026, 1, 1), dt.date(2026, 1, 3)), NOW)}
    others = {"by_model", "by_provider", "by_task", "by_endpoint", "interval", "series"}
    assert set(Analytics.model_fields) - others == given.keys() & Analytics.model_fields.keys()
    assert 2 == given["days"]


def test_points_have_their_start():
    (point,) = points_of([Point(NOW, Figures(requests=3))])
    assert (NOW, 3) == (point["start"], point["requests"])
