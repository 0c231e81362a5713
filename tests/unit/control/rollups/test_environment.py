import pytest

from headgate.control.environment import SettingsError
from headgate.control.rollups.environment import FEWEST_DAYS, VARIABLE, retention_days


@pytest.mark.parametrize(("expected", "text"), [(None, ""), (None, " "), (32, "32"), (400, " 400 ")])
def test_rows_are_kept_for_ever_unless_days_are_given(expected: int | None, text: str):
    assert expected == retention_days({VARIABLE: text})
    assert retention_days({}) is None


@pytest.mark.parametrize("text", ["31", "0", "-40", "forty", "40.5", "36501", "\N{SUPERSCRIPT TWO}40"])
def test_nonsense_stops_the_start_by_its_name(text: str):
    with pytest.raises(SettingsError, match=f"HEADGATE_RETENTION_DAYS .* {FEWEST_DAYS} to 36500"):
        retention_days({VARIABLE: text})
