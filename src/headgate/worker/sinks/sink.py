"""What a sink is to the sender, and the two ways in which it can fail."""

from collections.abc import Sequence
from typing import Protocol

from headgate.control.sinks.queries import Waiting


class SinkAwayError(Exception):
    """It does not answer, or will not take anything now: the same deliveries are told again later."""

    def __init__(self, reason: str, *, retry_after_s: float = 0.0) -> None:
        """`retry_after_s`: how long it asked to be left alone; 0: it did not say."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class SinkRefusedError(Exception):
    """It will never take what it was told: something in it is not to its liking."""


class Sink(Protocol):
    """A system outside."""

    name: str

    def tell(self, waiting: Sequence[Waiting]) -> None:
        """Tell of some requests; telling again of one that it knows must change nothing.

        Raises:
            SinkAwayError, SinkRefusedError: nothing is known of what it took.
        """
        ...

    def ask(self) -> str | None:
        """See whether it is there and would take what it is told.

        Returns:
            The address of the pages where it shows that; None: it does not say, or has nothing to show yet.

        Raises:
            SinkAwayError: it is not, or would not.
        """
        ...

    def close(self) -> None:
        """Let go of its connections."""
        ...
