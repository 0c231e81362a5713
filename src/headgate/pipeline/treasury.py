"""Places, settles and releases holds: from what this worker has drawn, or by drawing more. Rules 6 to 15.

A hold that fits into what is free is placed at once, synchronously. Everything else waits its turn: one task (`run`)
speaks to the lease store, one operation at a time, serves those who wait in the order in which they came, and returns
what is not needed. Fails closed: what cannot be drawn is not spent.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from headgate.domain.budget import BudgetUnit, LeaseClass, WindowId
from headgate.domain.errors import Unavailable
from headgate.domain.ids import OwnerId
from headgate.domain.money import NanoUsd
from headgate.ledger.leases import Account, LeaseBook, Need
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import Drawing, Drawn, WindowSpec, WindowState
from headgate.pipeline.crowd import crowd_of, together
from headgate.pipeline.leasing import LeaseHolder
from headgate.pipeline.ports import Clock, LeaseStore, OwnerClosedError, StoreUnavailableError

PATIENCE_S: Final = 0.3
"""How long a request waits for other workers to return what they do not use, before it is refused."""
PROBE_S: Final = 0.03
IDLE_LOOK_S: Final = 1.0
SPENT_FOR_SURE_S: Final = 0.5
"""How long what the store said was spent is believed: only a correction makes it less."""
AWAY_S: Final = 1.0
"""How long a request waits for a store that does not answer."""
RETRY_S: Final = 0.1
DRAWS_AT_ONCE: Final = 5
"""Draws for one request before it queues: others may take what was drawn while the answer was on its way."""


class Short(NamedTuple):
    """A window without room for a request."""

    window: WindowSpec
    state: WindowState
    need: int


class ShortageError(Exception):
    """A request does not fit into its budgets."""

    def __init__(self, short: Sequence[Short]) -> None:
        """`short`: what lacked room for the first alternative, at least one."""
        super().__init__(short[0].window.id)
        self.short = tuple(short)


class Placement(NamedTuple):
    """A hold was placed."""

    alternative: int
    """Which of the alternatives it is for."""
    holds: tuple[Held, ...]


class _Waiter:
    """A request that does not fit into what is free."""

    __slots__ = ("alternatives", "arrived", "critical", "future", "patience", "short")

    def __init__(self, alternatives: Sequence[Sequence[Need]], *, critical: bool, patience: float, now: float) -> None:
        self.alternatives = alternatives
        self.critical = critical
        self.arrived = now
        self.patience = patience
        self.future: asyncio.Future[Placement] = asyncio.get_running_loop().create_future()
        self.short: tuple[Short, ...] = ()
        """What lacked room when it was last tried; empty: never tried."""


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
        self._waiters: list[_Waiter] = []
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
        if short := self._spent_out(alternatives, critical=critical):
            raise ShortageError(short)
        waiter = _Waiter(alternatives, critical=critical, patience=patience_s, now=self._clock.monotonic())
        self._waiters.append(waiter)
        self._wake.set()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                self.release(waiter.future.result().holds)
            raise
        finally:
            self._leave(waiter)

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
            self._give_up(self._clock.monotonic() - AWAY_S)
            return False
        except OwnerClosedError:
            self._close()
        return True

    async def _sleep(self) -> None:
        """Until somebody needs something, a probe or the pulse is due."""
        delay = self._leases.pulse_at - self._clock.monotonic()
        if any(waiter.short for waiter in self._waiters):
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
        await self._serve()
        now = self._clock.monotonic()
        surplus = self._surplus
        if now >= self._leases.pulse_at:
            surplus.update((account.window.id, account) for account in await self._leases.pulse())
        if now >= self._idle_at:
            self._idle_at = now + IDLE_LOOK_S
            surplus.update((account.window.id, account) for account in self.book.idle(now))
        self._surplus = {}
        await self._leases.give_back(surplus.values())

    async def _serve(self) -> None:
        await self._leases.probe({each.window.id for waiter in self._waiters for each in waiter.short})
        await self._draw_for_crowd()
        crowded: set[WindowId] = set()
        for waiter in list(self._waiters):
            if waiter.future.done():
                continue
            asked = self._clock.monotonic()
            last_try = asked - waiter.arrived >= waiter.patience
            behind, placement = self._stands_behind(waiter, crowded), None
            if not behind or (last_try and waiter.patience):
                placement = await self._try(waiter)
            if placement is not None:
                self._resolve(waiter, placement)
            elif last_try or self._hopeless(waiter):
                self._refuse(waiter, _shortage(waiter))
            else:
                crowded.update(each.window.id for each in waiter.short)

    async def _draw_for_crowd(self) -> None:
        """Draw once for those who have just come and meet cold windows; those who need a missed one draw alone."""
        fresh = (waiter for waiter in self._waiters if not (waiter.short or waiter.future.done()))
        crowd = crowd_of(self.book, (waiter.alternatives[0] for waiter in fresh))
        missed: frozenset[WindowId] = frozenset()
        while len(crowd) > 1 and (needs := together(crowd, without=missed)):
            now = self._clock.monotonic()
            drawn = await self._leases.draw(self.book.drawings(needs, lease_class=LeaseClass.NORMAL, now=now))
            if missed or not drawn.missed:
                return
            missed = drawn.missed

    def _stands_behind(self, waiter: _Waiter, crowded: set[WindowId]) -> bool:
        """Whether somebody who came before waits for room in one of its windows."""
        behind: list[Short] = []
        for window, amount in waiter.alternatives[0]:
            if window.id in crowded and (state := self.book.accounts[window.id].state) is not None:
                behind.append(Short(window, state, amount))
        if behind and not waiter.short:
            self._mark(waiter, tuple(behind))
        return bool(behind)

    async def _try(self, waiter: _Waiter) -> Placement | None:
        """Place one waiter's hold; otherwise note what is short, and ask for it back the first time."""
        first_try = not waiter.short
        short_of_first: tuple[Short, ...] = ()
        for index, needs in enumerate(waiter.alternatives):
            outcome = await self._try_one(needs, waiter, index)
            if isinstance(outcome, Placement):
                return outcome
            short_of_first = short_of_first or outcome
        self._mark(waiter, short_of_first)
        if first_try and waiter.patience and not self._hopeless(waiter):
            await self._leases.recall([each.window.id for each in waiter.short])
        return None

    async def _try_one(self, needs: Sequence[Need], waiter: _Waiter, index: int) -> Placement | tuple[Short, ...]:
        drawings: list[Drawing] = []
        for draws_left in range(DRAWS_AT_ONCE, -1, -1):
            now = self._clock.monotonic()
            held = self.book.try_hold(needs, critical=waiter.critical, now=now, waited=True)
            if held is not None:
                return Placement(index, held)
            drawings = self.book.drawings(needs, lease_class=LeaseClass.NORMAL, now=now)
            if waiter.short and (short := self._known_short(needs, drawings, critical=waiter.critical)):
                return short
            if not draws_left:
                break
            drawn = await self._leases.draw(drawings)
            if drawn.missed and waiter.critical:
                drawn = await self._draw_critical(needs, drawn.missed, now)
            # A draw that missed may have been for more than the request needs: the next one knows better.
            if drawn.missed and (short := self._known_short(needs, drawings, critical=waiter.critical)):
                return short
        # Others took what was drawn, every time: they are many, and their holds end.
        amounts = {need.window.id: need.amount for need in needs}
        return tuple(
            Short(each.window, state, amounts[each.window.id])
            for each in drawings
            if (state := self.book.accounts[each.window.id].state) is not None
        )

    async def _draw_critical(self, needs: Sequence[Need], missed: frozenset[WindowId], now: float) -> Drawn:
        """Draw again: from the windows that have no normal room what is kept for critical tasks."""
        normal = [need for need in needs if need.window.id not in missed]
        above = [need for need in needs if need.window.id in missed]
        drawings = self.book.drawings(normal, lease_class=LeaseClass.NORMAL, now=now)
        drawings += self.book.drawings(above, lease_class=LeaseClass.CRITICAL, now=now)
        return await self._leases.draw(sorted(drawings, key=lambda each: each.window.id))

    def _known_short(self, needs: Sequence[Need], drawings: Sequence[Drawing], *, critical: bool) -> tuple[Short, ...]:
        """What certainly misses, by what the store said last."""
        wanted = {need.window.id: need.amount for need in needs}
        classes = LeaseClass if critical else (LeaseClass.NORMAL,)
        short: list[Short] = []
        for each in drawings:
            account, amount = self.book.accounts[each.window.id], wanted[each.window.id]
            if (state := account.state) is None:
                continue
            taken = state.spent + state.leased + amount
            if all(taken - account.purse(each_class).free > state.cap(each_class) for each_class in classes):
                short.append(Short(each.window, state, amount))
        return tuple(short)

    # ------------------------------------------------------------ those who wait

    def _spent_out(self, alternatives: Sequence[Sequence[Need]], *, critical: bool) -> tuple[Short, ...]:
        """What no return can help with, by what the store said a moment ago: a flood of refusals does not reach it."""
        first: tuple[Short, ...] = ()
        lease_class = LeaseClass.CRITICAL if critical else LeaseClass.NORMAL
        now = self._clock.monotonic()
        for needs in alternatives:
            short = tuple(
                Short(need.window, account.state, need.amount)
                for need in needs
                if (account := self.book.accounts.get(need.window.id)) is not None
                and account.state is not None
                and account.state_version == need.window.limit_version
                and now - account.learned_at < SPENT_FOR_SURE_S
                and need.amount > account.state.cap(lease_class) - account.state.spent
            )
            if not short:
                return ()
            first = first or short
        return first

    def _hopeless(self, waiter: _Waiter) -> bool:
        """Whether no return can help: the cheapest alternative needs more than was not spent."""
        lease_class = LeaseClass.CRITICAL if waiter.critical else LeaseClass.NORMAL
        short = {each.window.id: each.state for each in waiter.short}
        return all(
            any(
                need.amount > state.cap(lease_class) - state.spent
                for need in needs
                if (state := short.get(need.window.id)) is not None
            )
            for needs in waiter.alternatives
        )

    def _mark(self, waiter: _Waiter, short: tuple[Short, ...]) -> None:
        """From now on nobody overtakes it where it is short; unless it has left."""
        if waiter not in self._waiters:
            return
        for each in waiter.short:
            self._account_of(each).waiting -= 1
        waiter.short = short
        for each in short:
            self._account_of(each).waiting += 1

    def _account_of(self, short: Short) -> Account:
        return self.book.account(short.window, self._clock.monotonic())

    def _resolve(self, waiter: _Waiter, placement: Placement) -> None:
        if waiter.future.done():
            # It was cancelled while the store answered.
            self.release(placement.holds)
        else:
            waiter.future.set_result(placement)

    def _refuse(self, waiter: _Waiter, error: Exception) -> None:
        if not waiter.future.done():
            waiter.future.set_exception(error)

    def _leave(self, waiter: _Waiter) -> None:
        self._mark(waiter, ())
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        if self._waiters:
            self._wake.set()

    def _close(self) -> None:
        self.closed = True
        self._give_up(float("inf"))

    def _give_up(self, arrived_before: float) -> None:
        for waiter in list(self._waiters):
            if waiter.arrived <= arrived_before:
                self._refuse(waiter, _not_admitting() if self.closed else _away())


def _shortage(waiter: _Waiter) -> ShortageError:
    """Why it is refused: first what no return can help with, for those who were not asked to wait are told that."""
    lease_class = LeaseClass.CRITICAL if waiter.critical else LeaseClass.NORMAL
    return ShortageError(
        sorted(waiter.short, key=lambda each: each.need <= each.state.cap(lease_class) - each.state.spent)
    )


def _away() -> Unavailable:
    return Unavailable(
        "Budgets cannot be drawn from right now, and nothing is sent without a hold.",
        code="budget_store_unavailable",
        retry_after_s=1,
    )


def _not_admitting() -> Unavailable:
    return Unavailable("This worker is shutting down.", code="not_admitting", retry_after_s=1)
