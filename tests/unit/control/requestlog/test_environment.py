import pytest

from headgate.control.environment import SettingsError
from headgate.control.requestlog.environment import capture_days


@pytest.mark.parametrize(("expected", "text"), [(30, ""), (30, " "), (1, "1"), (365, "365")])
def test_texts_are_kept_for_so_many_days(expected: int, text: str):
    assert expected == capture_days({"HEADGATE_CAPTURE_DAYS": text})


@pytest.mark.parametrize("text", ["0", "-1", "for ever", "36501", "1.5", "²"])
def test_nonsense_is_named(text: str):
    with pytest.raises(SettingsError, match="HEADGATE_CAPTURE_DAYS"):
        capture_days({"HEADGATE_CAPTURE_DAYS": text})
