"""What the environment says about the texts of requests. Free of Django's models, so that the settings can read it."""

from collections.abc import Mapping
from typing import Final

from headgate.control.environment import SettingsError

VARIABLE: Final = "HEADGATE_CAPTURE_DAYS"
DEFAULT_DAYS: Final = 30
LONGEST_DAYS: Final = 36_500


def capture_days(environ: Mapping[str, str]) -> int:
    """Read for how many days texts are kept, where an organization keeps them at all.

    Raises:
        SettingsError: nonsense; names the variable.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return DEFAULT_DAYS
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= LONGEST_DAYS:
        message = f"{VARIABLE} is {text!r}: give a whole number of days from 1 to {LONGEST_DAYS}."
        raise SettingsError(message)
    return int(text)
