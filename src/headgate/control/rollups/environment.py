"""How long rows of the books are kept, as the environment says. Free of Django's models: the settings read it."""

from collections.abc import Mapping

from headgate.control.environment import SettingsError

VARIABLE = "HEADGATE_RETENTION_DAYS"
FEWEST_DAYS = 32
"""A day more than the longest month: what budgets of a day or a month count is always there."""


def retention_days(environ: Mapping[str, str]) -> int | None:
    """Return for how many days rows are kept; None: for ever.

    Raises:
        SettingsError: nonsense; names the variable.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        return None
    if not text.isdecimal() or not FEWEST_DAYS <= int(text) <= 36_500:
        message = f"{VARIABLE} is {text!r}: give a whole number of days from {FEWEST_DAYS} to 36500, or nothing."
        raise SettingsError(message)
    return int(text)
