"""One worker's dealings with the lease store: one operation at a time, each with its number. Rules 6 to 9, 20 and 22.

An operation whose answer was lost is asked again with the same number before anything else is done; what it drew is
unusable until then.
"""

from collections.abc import Collection, Iterable
from typing import Final

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.ledger.leases import Account, LeaseBook
from headgate.ledger.windows import Drawing, Drawn
from headgate.pipeline.ports import Clock, LeaseStore, OwnerClosedError

PULSE_S: Final = 0.1
QUIET_PULSE_S: Final = 1.0
"""For a worker that has drawn nothing."""


class LeaseHolder:
    """The owner of this worker's leases. Its methods are called by one task only."""

    def __init__(
        self, store: LeaseStore, clock: Clock, book: LeaseBook, owner: OwnerId, *, node: str, boot_id: str
    ) -> None:
        """Take the store; nothing is asked of it yet."""
        self.pulse_at = 0.0
        """Monotonic seconds at which the next pulse is due."""
        self._store = store
        self._clock = clock
        self._book = book
        self._owner = owner
        self._node, self._boot_id = node, boot_id
        self._opened = False
        self._seq = 0
        self._pending: tuple[bool, list[Drawing]] | None = None
        """(is a draw, what): an operation whose outcome is not known yet."""
        self._offset = 0.0
        self._latest = 0.0

    def now(self) -> float:
        """Epoch seconds by the store's clock; never goes back, for a window that was left is left for good."""
        self._latest = max(self._latest, self._clock.now() + self._offset)
        return self._latest

    async def catch_up(self) -> None:
        """Register the owner, and find out what became of an operation that was not answered."""
        if not self._opened:
            await self._store.open(self._owner, node=self._node, boot_id=self._boot_id)
            self._opened = True
        if self._pending is not None:
            await self._complete()

    async def draw(self, drawings: list[Drawing]) -> Drawn:
        """Draw from all windows or from none; what was drawn is free in the book."""
        if not drawings:
            return Drawn(frozenset(), {})
        self._pending = (True, drawings)
        return await self._complete()

    async def give_back(self, accounts: Iterable[Account]) -> None:
        """Return everything that is free in some accounts."""
        returns = sorted(self._book.take_free(accounts), key=lambda each: each.window.id)
        if returns:
            self._pending = (False, returns)
            await self._complete()

    async def probe(self, windows: Collection[WindowId]) -> None:
        """Learn how windows stand."""
        if windows:
            self._book.learn(await self._store.states(windows), self._clock.monotonic())

    async def recall(self, windows: Collection[WindowId]) -> None:
        """Ask everybody to return what is free in these windows."""
        self._book.learn(await self._store.recall(windows), self._clock.monotonic())

    async def pulse(self) -> list[Account]:
        """Hear from the store.

        Returns:
            Accounts that are scarce, or that somebody asked to have back.

        Raises:
            OwnerClosedError: closed by somebody, or the store lost operations that it had acknowledged (a failover to
                an older copy): rule 20.
        """
        before = self._clock.now()
        pulse = await self._store.pulse(self._owner)
        after = self._clock.now()
        if not pulse.open or pulse.op_seq < self._seq:
            raise OwnerClosedError
        now = self._clock.monotonic()
        self.pulse_at = now + (PULSE_S if self._book.accounts else QUIET_PULSE_S)
        self._offset = pulse.now - (before + after) / 2
        self._book.owners = pulse.owners
        self._book.learn(pulse.attention, now)
        asked_for: list[Account] = []
        for window, state in pulse.attention.items():
            account = self._book.accounts.get(window)
            if account is not None and (state.scarce or state.recall_gen > account.recall_seen):
                account.recall_seen = state.recall_gen
                asked_for.append(account)
        return asked_for

    async def _complete(self) -> Drawn:
        assert self._pending is not None
        is_draw, drawings = self._pending
        seq = self._seq + 1
        if is_draw:
            drawn = await self._store.draw(self._owner, seq, drawings)
        else:
            drawn = Drawn(frozenset(), await self._store.give_back(self._owner, seq, drawings))
        self._pending = None
        if not drawn.missed:
            self._seq = seq
            if is_draw:
                self._book.drawn(drawings)
        self._book.learn(drawn.states, self._clock.monotonic())
        return drawn
