"""A table of counters in a fixed piece of memory: found by the hash of their names, reused when idle."""

from hashlib import blake2b
from typing import Final

import msgspec

from headgate.infra.limits.minute import (
    BUCKETS,
    HIGH,
    LOW,
    NEWEST,
    RUNNING,
    TORN,
    WORDS,
    add_up,
    advance,
    clear,
    correct,
    count,
)

PROBES: Final = 16
"""Slots that a name may be in, beginning where its hash says."""
KNOWN: Final = 65_536
"""Places remembered; past so many the memory is emptied."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a counter is."""

    slot: int
    base: int
    """Its first word."""
    high: int
    low: int


class SlotTable:
    """Counters in `words`; in `seats`, worker by worker, how many requests of each counter run there.

    The seats are apart so that a worker's share can be taken out when it dies. Callers hold whatever lock there is.
    """

    def __init__(self, words: memoryview, seats: memoryview, *, slots: int, seat: int) -> None:
        """Take zeroed memory, or what others have counted in.

        Args:
            words: `slots * WORDS` signed 64-bit words.
            seats: a whole number of columns of `slots` unsigned 32-bit words.
            slots: how many counters there is room for.
            seat: this worker's column.
        """
        self.words = words
        self._seats = seats
        self._slots = slots
        self._seat = seat
        self._known: dict[str, Place] = {}

    def locate(self, name: str, second: int) -> Place | None:
        """Where a counter is, or is from now on, brought forward to `second`; None: no room."""
        place = self._known.get(name)
        if place is None or not self._holds(place):
            high, low = _hash(name)
            found = self._search(high, low, second)
            if found is None:
                return None
            if len(self._known) >= KNOWN:
                self._known.clear()
            place = self._known[name] = Place(found, found * WORDS, high, low)
        elif self.words[place.base + TORN]:
            self._mend(place.slot)
        # At once: an idle counter might be taken for another one of the same request.
        advance(self.words, place.base, second)
        return place

    def enter(self, place: Place, tokens: int) -> None:
        """Count a request, which runs from now on, in the newest second."""
        if not self._holds(place):
            return
        words, base = self.words, place.base
        words[base + TORN] = 1
        self._seats[self._seat * self._slots + place.slot] += 1
        words[base + RUNNING] += 1
        count(words, base, tokens)
        words[base + TORN] = 0

    def leave(self, place: Place, second: int, difference: int) -> None:
        """A request runs no more, and used so many tokens more than it was counted with in `second`."""
        if not self._holds(place):
            return
        words, base = self.words, place.base
        words[base + TORN] = 1
        self._seats[self._seat * self._slots + place.slot] -= 1
        words[base + RUNNING] -= 1
        correct(words, base, second, difference)
        words[base + TORN] = 0

    def clear_seat(self, seat: int) -> None:
        """Nothing runs at this seat any more."""
        start = seat * self._slots
        for slot, running in enumerate(self._seats[start : start + self._slots].tolist()):
            if running:
                self.words[slot * WORDS + TORN] = 1
                self._seats[start + slot] = 0
                self._mend(slot)

    def forget_oldest(self, name: str, second: int) -> Place:
        """Make room for a counter where the one lies that was idle longest. Only where no other worker counts."""
        high, low = _hash(name)
        slot = min(self._candidates(high), key=lambda slot: self.words[slot * WORDS + NEWEST])
        self._seats[self._seat * self._slots + slot] = 0
        self._claim(slot, high, low, second)
        return Place(slot, slot * WORDS, high, low)

    def release(self) -> None:
        """Let go of the memory; nothing can be counted any more."""
        self.words.release()
        self._seats.release()

    def _holds(self, place: Place) -> bool:
        """Whether the counter is still there."""
        words, base = self.words, place.base
        return words[base + HIGH] == place.high and words[base + LOW] == place.low

    def _search(self, high: int, low: int, second: int) -> int | None:
        words = self.words
        free: int | None = None
        for slot in self._candidates(high):
            base = slot * WORDS
            if words[base + TORN]:
                self._mend(slot)
            if words[base + HIGH] == high and words[base + LOW] == low:
                return slot
            if free is None and words[base + RUNNING] == 0:
                unused = words[base + HIGH] == words[base + LOW] == 0
                if unused or second - words[base + NEWEST] >= BUCKETS:
                    free = slot
        if free is not None:
            self._claim(free, high, low, second)
        return free

    def _candidates(self, high: int) -> list[int]:
        return [(high + step) % self._slots for step in range(min(PROBES, self._slots))]

    def _claim(self, slot: int, high: int, low: int, second: int) -> None:
        base = slot * WORDS
        # Nameless while it is emptied: whoever dies here leaves a counter that is nobody's.
        self.words[base + HIGH] = self.words[base + LOW] = 0
        clear(self.words, base, second)
        self.words[base + HIGH], self.words[base + LOW] = high, low

    def _mend(self, slot: int) -> None:
        """After a writer was killed in the middle: what can be added up is right, and nothing else counts."""
        base = slot * WORDS
        add_up(self.words, base)
        self.words[base + RUNNING] = sum(self._seats[slot :: self._slots])
        self.words[base + TORN] = 0


def _hash(name: str) -> tuple[int, int]:
    digest = blake2b(name.encode(), digest_size=16).digest()
    # Never zero in both, which is what marks an unused slot; 63 bits each, to fit a signed word.
    return int.from_bytes(digest[:8], "little") >> 1, int.from_bytes(digest[8:], "little") >> 1 | 1
