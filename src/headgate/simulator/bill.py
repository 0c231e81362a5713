"""The bill: what the simulated provider charges, entry by entry, in bounded memory."""

from collections.abc import Callable, Sequence

import msgspec

from headgate.simulator.prices import Counts, charge

DEFAULT_LIMIT = 1_000_000


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the provider saw it."""

    sequence: int
    """From 1, without gaps, never reused."""
    request_id: str
    """The `x-request-id` that the caller sent, or empty."""
    attempt: str
    """The `x-headgate-attempt` that the caller sent, or empty."""
    model: str
    """Without the `sim/` prefix; as asked for where the request was refused for it."""
    endpoint: str
    status: int
    stream: bool
    usage: Counts
    billed_nano: int
    """Nano-USD."""
    completed: bool
    """False: refused, broken off, stalled or ended by an error event."""


class Total(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over every entry since the bill was emptied, dropped ones included."""

    entries: int
    accepted: int
    """Entries with a status below 400."""
    completed: int
    dropped: int
    """Oldest entries that no longer fit; their amounts stay in the sums."""
    last_sequence: int
    billed_nano: int
    usage: Counts


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """An entry without its sequence, which is its place. Packed, it takes about a tenth of the objects' memory."""

    request_id: str
    attempt: str
    model: str
    endpoint: str
    status: int
    stream: bool
    usage: tuple[int, ...]
    tier: str
    billed_nano: int
    completed: bool


_QUANTITIES = Counts.__struct_fields__[:-1]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Row)


class Bill:
    """A ring of packed entries, and sums that outlive them."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        """Start empty; `limit` is the number of entries kept, the oldest give way."""
        self._limit = limit
        self._last_sequence = 0
        self._on_next: list[Callable[[], None]] = []
        self.clear()

    def clear(self) -> None:
        """Forget all entries and sums. Sequences go on, so that a reader's cursor stays valid."""
        self._rows: list[bytes] = []
        self._before_first = self._last_sequence
        self._accepted = 0
        self._completed = 0
        self._billed_nano = 0
        self._sums = [0] * len(_QUANTITIES)

    def post(
        self,
        *,
        request_id: str,
        attempt: str,
        model: str,
        endpoint: str,
        status: int,
        stream: bool,
        counts: Counts,
        completed: bool,
    ) -> int:
        """Enter one request.

        Returns:
            What it is charged, in nano-USD: nothing when its status is 400 or above.
        """
        billed = charge(model, counts) if status < 400 else 0
        *usage, tier = msgspec.structs.astuple(counts)
        row = _Row(request_id, attempt, model, endpoint, status, stream, tuple(usage), tier, billed, completed)
        self._keep(_encoder.encode(row))
        self._accepted += status < 400
        self._completed += completed
        self._billed_nano += billed
        for index, quantity in enumerate(usage):
            self._sums[index] += quantity
        callbacks, self._on_next = self._on_next, []
        for callback in callbacks:
            callback()
        return billed

    @property
    def last_sequence(self) -> int:
        """Sequence of the newest entry ever made; 0 before the first."""
        return self._last_sequence

    def call_at_next(self, callback: Callable[[], None]) -> None:
        """Call back once, after the next entry."""
        self._on_next.append(callback)

    def read(self, after: int, at_most: int) -> list[Entry]:
        """Entries with a sequence above `after`, oldest first."""
        first = max(after + 1, self._last_sequence - len(self._rows) + 1)
        last = min(self._last_sequence, first + at_most - 1)
        return [self._entry(sequence) for sequence in range(first, last + 1)]

    def total(self) -> Total:
        """The sums."""
        entries = self._last_sequence - self._before_first
        return Total(
            entries=entries,
            accepted=self._accepted,
            completed=self._completed,
            dropped=entries - len(self._rows),
            last_sequence=self._last_sequence,
            billed_nano=self._billed_nano,
            usage=_counts(self._sums),
        )

    def _keep(self, packed: bytes) -> None:
        if len(self._rows) < self._limit:
            self._rows.append(packed)
        else:
            self._rows[(self._last_sequence - self._before_first) % self._limit] = packed
        self._last_sequence += 1

    def _entry(self, sequence: int) -> Entry:
        row = _decoder.decode(self._rows[(sequence - self._before_first - 1) % self._limit])
        return Entry(
            sequence=sequence,
            request_id=row.request_id,
            attempt=row.attempt,
            model=row.model,
            endpoint=row.endpoint,
            status=row.status,
            stream=row.stream,
            usage=_counts(row.usage, row.tier),
            billed_nano=row.billed_nano,
            completed=row.completed,
        )


def _counts(quantities: Sequence[int], tier: str = "") -> Counts:
    return msgspec.convert({**dict(zip(_QUANTITIES, quantities, strict=True)), "tier": tier}, Counts)
