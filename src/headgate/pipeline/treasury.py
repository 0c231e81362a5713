"""Places, settles and releases holds: from what this worker has drawn, or by drawing more. Rules 6 to 15.

A hold that fits into what is free is placed at once, synchronously. Everything else waits its turn: one task (`run`)
speaks to the lease store, one operation at a time, serves those who wait in the order in which they came, and returns
what is not needed. Fails closed: what cannot be drawn is not spent.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from headgate.domain.budget import BudgetUnit, LeaseClass, WindowId
from headgate.domain.errors import Unavailable
from headgate.domain.ids import OwnerId
from headgate.domain.money import NanoUsd
from headgate.ledger.leases import Account, LeaseBook, Need
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import WindowSpec, WindowState
from headgate.pipeline.leasing import LeaseHolder
from headgate.pipeline.ports import Clock, LeaseStore, OwnerClosedError, StoreUnavailableError
from headgate.pipeline.waiting import Placement, ShortageError, Waiter, WaitingLine, spent_out

PATIENCE_S: Final = 0.3
"""How long a request waits for other workers to return what they do not use, before it is refused."""
PROBE_S: Final = 0.03
IDLE_LOOK_S: Final = 1.0
AWAY_S: Final = 1.0
"""How long a request waits for a store that does not answer."""
RETRY_S: Final = 0.1


class Treasury:
    """The holds of one worker."""

    def __init__(self, store: LeaseStore, clock: Clock, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Take the store; nothing is asked of it before `run`."""
        self.book = LeaseBook()
        self.closed = False
        """The store does not take our operations any more: this worker may not admit anything."""
        self._store = store
        self._clock = clock
        self._leases = LeaseHolder(store, clock, self.book, owner, node=node, boot_id=boot_id)
        self._line = WaitingLine(self.book, self._leases, clock, self.release)
        self._surplus: dict[WindowId, Account] = {}
        self._wake = asyncio.Event()
        self._idle_at = 0.0

    # ------------------------------------------------------------ for requests

    def now(self) -> float:
        """Epoch seconds by the store's clock; never goes back, for a window that was left is left for good."""
        return self._leases.now()

    def try_hold(self, needs: Sequence[Need], *, critical: bool) -> tuple[Held, ...] | None:
        """Place a hold out of what is free; None when it has to be drawn first."""
        if self.closed:
            raise _not_admitting()
        return self.book.try_hold(needs, critical=critical, now=self._clock.monotonic())

    async def place_hold(
        self, alternatives: Sequence[Sequence[Need]], *, critical: bool, patience_s: float = PATIENCE_S
    ) -> Placement:
        """Place a hold, waiting for other workers to return what they do not use.

        Args:
            alternatives: needs, each list ascending by window; the first that fits is taken.
            critical: may use what soft budgets keep for critical tasks.
            patience_s: 0 asks the store once and does not wait.

        Raises:
            ShortageError: none fits.
            Unavailable: the store does not answer, or does not know this worker any more.
        """
        if self.closed:
            raise _not_admitting()
        now = self._clock.monotonic()
        if short := spent_out(self.book, alternatives, critical=critical, now=now):
            raise ShortageError(short)
        waiter = Waiter(alternatives, critical=critical, patience=patience_s, now=now)
        self._line.enter(waiter)
        self._wake.set()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                self.release(waiter.future.result().holds)
            raise
        finally:
            self._line.leave(waiter)
            if self._line.waiters:
                self._wake.set()

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand in the store, for telling; those that were never drawn from are left out.

        Raises:
            Unavailable: the store does not answer.
        """
        try:
            return await self._store.states(windows) if windows else {}
        except StoreUnavailableError as error:
            raise _away() from error

    def room(self, windows: Sequence[WindowSpec], *, critical: bool) -> tuple[NanoUsd | None, int | None]:
        """What could be held in some windows together, as the store last said.

        Returns:
            Nano-USD in the tightest that counts money, tokens in the tightest that counts them; None where none does.
        """
        lease_class = LeaseClass.CRITICAL if critical else LeaseClass.NORMAL
        money: list[int] = []
        tokens: list[int] = []
        for window in windows:
            account = self.book.accounts.get(window.id)
            if account is None or account.state is None:
                continue
            state = account.state
            free = account.normal.free + (account.critical.free if critical else 0)
            room = max(state.cap(lease_class) - state.spent - state.leased + free, 0)
            if window.unit is BudgetUnit.MONEY:
                money.append(room)
            elif window.unit is BudgetUnit.TOKENS:
                tokens.append(room)
        return NanoUsd(min(money)) if money else None, min(tokens, default=None)

    def remaining(self, holds: Sequence[Held]) -> NanoUsd | None:
        """Money that is neither spent nor drawn in the tightest window of a hold, and what is free here; None: none."""
        least: int | None = None
        for hold in holds:
            account = self.book.accounts.get(hold.window)
            if account is None or account.state is None or account.window.unit is not BudgetUnit.MONEY:
                continue
            state = account.state
            left = max(state.limit - state.spent - state.leased + account.normal.free, 0)
            least = left if least is None or left < least else least
        return None if least is None else NanoUsd(least)

    async def cover(self, holds: Sequence[Held], costs: Sequence[int]) -> None:
        """Draw once for what costs are above their holds, so that `charge` finds it; without it they are overruns."""
        needs = [
            Need(self.book.accounts[hold.window].window, cost - hold.amount)
            for hold, cost in zip(holds, costs, strict=True)
            if cost > hold.amount and hold.window in self.book.accounts
        ]
        if not needs:
            return
        critical = any(hold.lease_class is LeaseClass.CRITICAL for hold in holds)
        try:
            placement = await self.place_hold([needs], critical=critical, patience_s=0)
        except (ShortageError, Unavailable):
            return
        self.release(placement.holds)

    def charge(self, holds: Sequence[Held], costs: Sequence[int]) -> tuple[Charge, ...]:
        """Cover costs, one per hold; nothing is freed before the charges are on record."""
        return self.book.charge(holds, costs)

    def free(self, holds: Sequence[Held], charges: Sequence[Charge]) -> None:
        """Free what a request did not use, once its charges are on record."""
        if not holds:
            return
        for account in self.book.free(holds, charges, self._clock.monotonic()):
            # Critical leases lie above the limit: they are drawn for one request and go back with it.
            if account.scarce or account.critical.free:
                self._surplus[account.window.id] = account
            if account.waiting or account.window.id in self._surplus:
                self._wake.set()

    def release(self, holds: Sequence[Held]) -> None:
        """Give up holds of a request that was never sent, or provably not billed."""
        self.free(holds, ())

    # ------------------------------------------------------------ the one task that speaks to the store

    async def run(self) -> None:
        """Serve until cancelled, or until the store has closed this worker."""
        try:
            while not self.closed:
                await self._sleep()
                if not await self.step():
                    await asyncio.sleep(RETRY_S)
        finally:
            # Whatever ended it, a fault of ours included: nobody waits for a task that is no more.
            self._close()

    async def step(self) -> bool:
        """Serve those who wait and return what is asked for, once; False: the store did not answer."""
        try:
            await self._round()
        except StoreUnavailableError:
            self._leases.pulse_at = self._clock.monotonic() + RETRY_S
            self._line.give_up(self._clock.monotonic() - AWAY_S, _away)
            return False
        except OwnerClosedError:
            self._close()
        return True

    async def _sleep(self) -> None:
        """Until somebody needs something, a probe or the pulse is due."""
        delay = self._leases.pulse_at - self._clock.monotonic()
        if any(waiter.short for waiter in self._line.waiters):
            delay = min(delay, PROBE_S)
        if not self._wake.is_set() and delay > 0:
            handle = asyncio.get_running_loop().call_later(delay, self._wake.set)
            await self._wake.wait()
            handle.cancel()
        self._wake.clear()

    async def _round(self) -> None:
        await self._leases.catch_up()
        if useless := [each for each in self._surplus.values() if each.critical.free and each.waiting]:
            # Those who wait have no use for it here, but in the store.
            await self._leases.give_back(useless)
        await self._line.serve()
        now = self._clock.monotonic()
        surplus = self._surplus
        if now >= self._leases.pulse_at:
            surplus.update((account.window.id, account) for account in await self._leases.pulse())
        if now >= self._idle_at:
            self._idle_at = now + IDLE_LOOK_S
            surplus.update((account.window.id, account) for account in self.book.idle(now))
        self._surplus = {}
        await self._leases.give_back(surplus.values())

    def _close(self) -> None:
        self.closed = True
        self._line.give_up(float("inf"), _not_admitting)


def _away() -> Unavailable:
    return Unavailable(
        "Budgets cannot be drawn from right now, and nothing is sent without a hold.",
        code="budget_store_unavailable",
        retry_after_s=1,
    )


def _not_admitting() -> Unavailable:
    return Unavailable("This worker is shutting down.", code="not_admitting", retry_after_s=1)
