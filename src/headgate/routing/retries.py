"""How often and how soon a deployment is asked again."""

from typing import Final

MAX_WAIT_S: Final = 8.0
"""The longest wait before another try; a provider that asks for more is not asked again."""
_FIRST_WAIT_S: Final = 0.25
_PER_REQUEST: Final = 0.2
_PER_SECOND: Final = 1.0
_MOST: Final = 50.0
_AT_FIRST: Final = 10.0


class RetryBudget:
    """Bounds the retries at one deployment by a share of its requests, so that an outage is not answered with a storm.

    A fifth of the requests may be tried again, and one a second however few they are.
    """

    __slots__ = ("_at", "_left")

    def __init__(self, now: float) -> None:
        """Begin with a few."""
        self._left = _AT_FIRST
        self._at = now

    def request(self) -> None:
        """A request was sent for the first time."""
        if self._left < _MOST:
            self._left += _PER_REQUEST

    def take(self, now: float) -> bool:
        """Take one retry out of the budget, if there is one."""
        self._left = min(self._left + (now - self._at) * _PER_SECOND, _MOST)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def wait_before(retry: int, *, chance: float, retry_after_s: float | None) -> float | None:
    """Seconds to wait before the `retry`th try after the first (from 1); None: too long to be worth it.

    Full jitter: between nothing and a bound that doubles, so that those who failed together do not come back together.
    What the provider asks for is waited for in full, and up to a tenth more.
    """
    if retry_after_s is not None:
        return None if retry_after_s > MAX_WAIT_S else retry_after_s * (1 + chance / 10)
    return chance * min(_FIRST_WAIT_S * 2 ** (retry - 1), MAX_WAIT_S)
