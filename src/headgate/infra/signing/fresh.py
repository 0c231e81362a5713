"""Credentials that age: fetched in a thread, by one at a time, and again before they are too old."""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar

import structlog

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PATIENCE_S: Final = 30.0
"""How long after a try to fetch ahead the next one follows."""
_log = structlog.get_logger()


class NoCredentialError(Exception):
    """There is none, or it could not be fetched. The message says what to do, and holds no secret."""


class Age(Enum):
    """How what was fetched last stands."""

    FRESH = "fresh"
    STALE = "stale"
    """Still good, but time to fetch the next one."""
    DEAD = "dead"
    """Not to be shown any more, or never fetched."""


class Source(Protocol[T_co]):
    """Where a credential comes from."""

    def fetch(self) -> T_co:
        """Fetch it. Runs in a thread, and may block.

        Raises:
            NoCredentialError: there is none.
        """
        ...

    def age(self) -> Age:
        """Of what was fetched last. Called before every use, so that it must not block."""
        ...


class Loaded(Generic[T]):
    """A source that is made in the thread that fetches first: what it needs takes a while to load."""

    def __init__(self, load: Callable[[], Source[T]]) -> None:
        """Nothing is loaded yet."""
        self._load = load
        self._source: Source[T] | None = None

    def fetch(self) -> T:
        """Load it if need be, and fetch.

        Raises:
            NoCredentialError: there is none.
        """
        if self._source is None:
            self._source = self._load()
        return self._source.fetch()

    def age(self) -> Age:
        """Of what was fetched last."""
        return Age.DEAD if self._source is None else self._source.age()


class Fresh(Generic[T]):
    """One credential, always good."""

    def __init__(self, source: Source[T], monotonic: Callable[[], float]) -> None:
        """Nothing is fetched yet."""
        self._source = source
        self._monotonic = monotonic
        self._value: T | None = None
        self._fetching: asyncio.Task[T] | None = None
        self._next_try = 0.0

    async def get(self) -> T:
        """The credential: the one that is here while it is good, else the one that everybody who asks now waits for.

        Raises:
            NoCredentialError: there is none.
        """
        value, age = self._value, self._source.age()
        if value is None or age is Age.DEAD:
            return await asyncio.shield(self._fetch())
        if age is Age.STALE and self._monotonic() >= self._next_try:
            self._next_try = self._monotonic() + PATIENCE_S
            self._fetch()
        return value

    def _fetch(self) -> "asyncio.Task[T]":
        if self._fetching is None:
            self._fetching = asyncio.create_task(asyncio.to_thread(self._source.fetch))
            self._fetching.add_done_callback(self._fetched)
        return self._fetching

    def _fetched(self, task: "asyncio.Task[T]") -> None:
        self._fetching = None
        if task.cancelled():
            return
        if (error := task.exception()) is None:
            self._value = task.result()
        else:
            _log.warning(
                "credential_not_fetched",
                reason=str(error) if isinstance(error, NoCredentialError) else type(error).__name__,
            )
