import pytest

from headgate.control.api.parameters import MOST_DAYS_BY_HOUR, check_interval
from headgate.control.rollups.queries import Interval
from headgate.domain.errors import BadRequest


def test_a_series_by_the_hour_has_an_end():
    check_interval(Interval.HOUR, MOST_DAYS_BY_HOUR)
    check_interval(Interval.DAY, 366)
    with pytest.raises(BadRequest, match="use interval=day"):
        check_interval(Interval.HOUR, MOST_DAYS_BY_HOUR + 1)
