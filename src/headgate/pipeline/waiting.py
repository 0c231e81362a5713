"""Those who wait for room: in which order they are served, and when it is no use to wait. Rules 10 and 15."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from headgate.domain.budget import LeaseClass, WindowId
from headgate.ledger.leases import Account, LeaseBook, Need
from headgate.ledger.records import Held
from headgate.ledger.windows import Drawing, Drawn, WindowSpec, WindowState
from headgate.pipeline.crowd import crowd_of, together
from headgate.pipeline.leasing import LeaseHolder
from headgate.pipeline.ports import Clock

SPENT_FOR_SURE_S: Final = 0.5
"""How long what the store said was spent is believed: only a correction makes it less."""
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


class Waiter:
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


class WaitingLine:
    """Serves those who wait. `serve` is called by the one task that speaks to the store."""

    def __init__(
        self, book: LeaseBook, leases: LeaseHolder, clock: Clock, release: Callable[[Sequence[Held]], None]
    ) -> None:
        """`release` takes back a hold whose waiter went away while it was placed."""
        self.waiters: list[Waiter] = []
        self._book = book
        self._leases = leases
        self._clock = clock
        self._release = release

    def enter(self, waiter: Waiter) -> None:
        """Stand at the end."""
        self.waiters.append(waiter)

    def leave(self, waiter: Waiter) -> None:
        """Go, whatever became of it; leaves no trace."""
        self._mark(waiter, ())
        if waiter in self.waiters:
            self.waiters.remove(waiter)

    def give_up(self, arrived_before: float, error: Callable[[], Exception]) -> None:
        """Refuse everybody who came before some moment (monotonic seconds)."""
        for waiter in list(self.waiters):
            if waiter.arrived <= arrived_before:
                self._refuse(waiter, error())

    async def serve(self) -> None:
        """Try all who wait once, in the order in which they came; nobody is passed where he waits."""
        await self._leases.probe({each.window.id for waiter in self.waiters for each in waiter.short})
        await self._draw_for_crowd()
        crowded: dict[bool, set[WindowId]] = {False: set(), True: set()}
        for waiter in list(self.waiters):
            if waiter.future.done():
                continue
            asked = self._clock.monotonic()
            last_try = asked - waiter.arrived >= waiter.patience
            behind, placement = self._stands_behind(waiter, crowded[waiter.critical]), None
            if not behind or (last_try and waiter.patience):
                placement = await self._try(waiter)
            if placement is not None:
                self._resolve(waiter, placement)
            elif last_try or self._hopeless(waiter):
                self._refuse(waiter, _shortage(waiter))
            else:
                windows = {each.window.id for each in waiter.short}
                crowded[False] |= windows
                if waiter.critical:
                    # Others may not have what a critical request waits for; it may have what they do not.
                    crowded[True] |= windows

    async def _draw_for_crowd(self) -> None:
        """Draw once for those who have just come and meet cold windows; those who need a missed one draw alone."""
        fresh = (waiter for waiter in self.waiters if not (waiter.short or waiter.future.done()))
        crowd = crowd_of(self._book, (waiter.alternatives[0] for waiter in fresh))
        missed: frozenset[WindowId] = frozenset()
        while len(crowd) > 1 and (needs := together(crowd, without=missed)):
            now = self._clock.monotonic()
            drawn = await self._leases.draw(self._book.drawings(needs, lease_class=LeaseClass.NORMAL, now=now))
            if missed or not drawn.missed:
                return
            missed = drawn.missed

    def _stands_behind(self, waiter: Waiter, crowded: set[WindowId]) -> bool:
        """Whether somebody who came before waits for room in one of its windows."""
        behind: list[Short] = []
        for window, amount in waiter.alternatives[0]:
            if window.id in crowded and (state := self._book.accounts[window.id].state) is not None:
                behind.append(Short(window, state, amount))
        if behind and not waiter.short:
            self._mark(waiter, tuple(behind))
        return bool(behind)

    async def _try(self, waiter: Waiter) -> Placement | None:
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

    async def _try_one(self, needs: Sequence[Need], waiter: Waiter, index: int) -> Placement | tuple[Short, ...]:
        drawings: list[Drawing] = []
        for draws_left in range(DRAWS_AT_ONCE, -1, -1):
            now = self._clock.monotonic()
            held = self._book.try_hold(needs, critical=waiter.critical, now=now, waited=True)
            if held is not None:
                return Placement(index, held)
            drawings = self._book.drawings(needs, lease_class=LeaseClass.NORMAL, now=now)
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
            if (state := self._book.accounts[each.window.id].state) is not None
        )

    async def _draw_critical(self, needs: Sequence[Need], missed: frozenset[WindowId], now: float) -> Drawn:
        """Draw again: from the windows that have no normal room what is kept for critical tasks."""
        normal = [need for need in needs if need.window.id not in missed]
        above = [need for need in needs if need.window.id in missed]
        drawings = self._book.drawings(normal, lease_class=LeaseClass.NORMAL, now=now)
        drawings += self._book.drawings(above, lease_class=LeaseClass.CRITICAL, now=now)
        return await self._leases.draw(sorted(drawings, key=lambda each: each.window.id))

    def _known_short(self, needs: Sequence[Need], drawings: Sequence[Drawing], *, critical: bool) -> tuple[Short, ...]:
        """What certainly misses, by what the store said last."""
        wanted = {need.window.id: need.amount for need in needs}
        classes = LeaseClass if critical else (LeaseClass.NORMAL,)
        short: list[Short] = []
        for each in drawings:
            account, amount = self._book.accounts[each.window.id], wanted[each.window.id]
            if (state := account.state) is None:
                continue
            taken = state.spent + state.leased + amount
            if all(taken - account.purse(each_class).free > state.cap(each_class) for each_class in classes):
                short.append(Short(each.window, state, amount))
        return tuple(short)

    def _hopeless(self, waiter: Waiter) -> bool:
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

    def _mark(self, waiter: Waiter, short: tuple[Short, ...]) -> None:
        """From now on nobody overtakes it where it is short; unless it has left."""
        if waiter not in self.waiters:
            return
        for each in waiter.short:
            self._account_of(each).waiting -= 1
        waiter.short = short
        for each in short:
            self._account_of(each).waiting += 1

    def _account_of(self, short: Short) -> Account:
        return self._book.account(short.window, self._clock.monotonic())

    def _resolve(self, waiter: Waiter, placement: Placement) -> None:
        if waiter.future.done():
            # It was cancelled while the store answered.
            self._release(placement.holds)
        else:
            waiter.future.set_result(placement)

    def _refuse(self, waiter: Waiter, error: Exception) -> None:
        if not waiter.future.done():
            waiter.future.set_exception(error)


def spent_out(
    book: LeaseBook, alternatives: Sequence[Sequence[Need]], *, critical: bool, now: float
) -> tuple[Short, ...]:
    """What no return can help with, by what the store said a moment ago: a flood of refusals does not reach it."""
    first: tuple[Short, ...] = ()
    lease_class = LeaseClass.CRITICAL if critical else LeaseClass.NORMAL
    for needs in alternatives:
        short = tuple(
            Short(need.window, account.state, need.amount)
            for need in needs
            if (account := book.accounts.get(need.window.id)) is not None
            and account.state is not None
            and account.state_version == need.window.limit_version
            and now - account.learned_at < SPENT_FOR_SURE_S
            and need.amount > account.state.cap(lease_class) - account.state.spent
        )
        if not short:
            return ()
        first = first or short
    return first


def _shortage(waiter: Waiter) -> ShortageError:
    """Why it is refused: first what no return can help with, for those who were not asked to wait are told that."""
    lease_class = LeaseClass.CRITICAL if waiter.critical else LeaseClass.NORMAL
    return ShortageError(
        sorted(waiter.short, key=lambda each: each.need <= each.state.cap(lease_class) - each.state.spent)
    )
