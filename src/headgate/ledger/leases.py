"""What one worker has drawn: held for requests, or free for the next. Rules 4, 10 and 12 of the money protocol.

Everything here is synchronous, so that looking and taking cannot be torn apart by another request; it knows no store.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from headgate.domain.budget import LeaseClass, WindowId
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import Drawing, WindowSpec, WindowState

COST_SPAN_S: Final = 10.0
"""A draw is for as much as the costs of so many seconds, beside what is held at once."""
IDLE_S: Final = 5.0
"""What is free and was not touched for so long goes back."""


class Need(NamedTuple):
    """What a request has to hold in one window."""

    window: WindowSpec
    amount: int
    """In the window's unit, at least 0."""


class Purse:
    """One lease: of one window, of one class."""

    __slots__ = ("free", "held")

    def __init__(self) -> None:
        self.free = 0
        self.held = 0


class Account:
    """One window as this worker knows it."""

    __slots__ = (
        "_costs",
        "_costs_since",
        "_peak",
        "_peak_before",
        "_peak_since",
        "critical",
        "learned_at",
        "normal",
        "recall_seen",
        "state",
        "state_version",
        "touched_at",
        "typical",
        "waiting",
        "window",
    )

    def __init__(self, window: WindowSpec, now: float) -> None:
        self.window = window
        self.state: WindowState | None = None
        """As the store last said; None: never asked."""
        self.state_version = 0
        """Version of the limit that it was said for."""
        self.learned_at = now
        self.normal = Purse()
        self.critical = Purse()
        self.recall_seen = 0
        self.waiting = 0
        """Requests that wait for room here: nobody overtakes them."""
        self.touched_at = now
        self.typical = 0
        """A hold as they usually are here."""
        self._peak = self._peak_before = 0
        self._peak_since = now
        self._costs = 0
        self._costs_since = now

    def purse(self, lease_class: LeaseClass) -> Purse:
        """The lease of a class."""
        return self.critical if lease_class is LeaseClass.CRITICAL else self.normal

    @property
    def held(self) -> int:
        """Held for requests, of both classes."""
        return self.normal.held + self.critical.held

    @property
    def scarce(self) -> bool:
        """Whether the store said that there is little left."""
        return self.state is not None and self.state.scarce

    def took(self, amount: int, now: float) -> None:
        """A hold was placed."""
        self.touched_at = now
        self.typical = amount if self.typical == 0 else (self.typical * 7 + amount) // 8
        if now - self._peak_since >= 1:
            self._peak_before = self._peak if now - self._peak_since < 2 else 0
            self._peak, self._peak_since = 0, now
        self._peak = max(self._peak, self.held)

    def cost(self, amount: int, now: float) -> None:
        """A hold was settled."""
        self.touched_at = now
        if now - self._costs_since >= COST_SPAN_S:
            # Half of the past is kept, so that a new span does not begin blind.
            self._costs //= 2
            self._costs_since = now - COST_SPAN_S / 2
        self._costs += amount

    def wanted(self, lacking: int, owners: int, now: float) -> int:
        """How much to draw when `lacking` is missing.

        See "Lease size" in the money protocol: what was held at once lately and the costs of the next ten seconds, but
        not more than a share of the room, so that the other workers find some too; near the limit no more than needed.
        """
        state = self.state
        if state is None or state.scarce:
            return lacking
        room = max(state.limit - state.spent - state.leased, 0)
        span = max(now - self._costs_since, 1.0)
        lately = max(self._peak, self._peak_before) + int(self._costs * COST_SPAN_S / span)
        return max(lacking, min(room // (4 * max(owners, 1)), lately))


class LeaseBook:
    """All windows that this worker has drawn from."""

    def __init__(self) -> None:
        self.accounts: dict[WindowId, Account] = {}
        self.owners = 1
        """Workers that draw from the same windows, as the store last said."""

    def account(self, window: WindowSpec, now: float) -> Account:
        """The account of a window, opened when it is first needed."""
        account = self.accounts.get(window.id)
        if account is None:
            account = self.accounts[window.id] = Account(window, now)
        elif account.window is not window and account.window.limit_version < window.limit_version:
            account.window = window
        return account

    def try_hold(
        self, needs: Sequence[Need], *, critical: bool, now: float, waited: bool = False
    ) -> tuple[Held, ...] | None:
        """Hold in all windows or in none.

        Args:
            needs: ascending by window, each window once.
            critical: may use critical leases where normal ones do not suffice.
            now: monotonic seconds.
            waited: this request has been waiting its turn; others do not pass those who wait.
        """
        accounts = self.accounts
        taken: list[tuple[Account, Purse, LeaseClass, int]] = []
        for need in needs:
            account = accounts.get(need.window.id)
            if account is None or (account.waiting and not waited):
                return None
            if account.normal.free >= need.amount:
                taken.append((account, account.normal, LeaseClass.NORMAL, need.amount))
            elif critical and account.critical.free >= need.amount:
                taken.append((account, account.critical, LeaseClass.CRITICAL, need.amount))
            else:
                return None
        holds: list[Held] = []
        for account, purse, lease_class, amount in taken:
            purse.free -= amount
            purse.held += amount
            account.took(amount, now)
            holds.append(Held(account.window.id, lease_class, amount))
        return tuple(holds)

    def drawings(self, needs: Sequence[Need], *, lease_class: LeaseClass, now: float) -> list[Drawing]:
        """What has to be drawn, so that these needs can be held: of every window that lacks room."""
        drawings: list[Drawing] = []
        for window, amount in needs:
            account = self.account(window, now)
            purse = account.purse(lease_class)
            if account.normal.free >= amount or purse.free >= amount:
                continue
            lacking = amount - purse.free
            wanted = lacking if lease_class is LeaseClass.CRITICAL else account.wanted(lacking, self.owners, now)
            drawings.append(
                Drawing(
                    window=account.window,
                    lease_class=lease_class,
                    amount=wanted,
                    typical=max(account.typical, amount),
                )
            )
        return drawings

    def drawn(self, drawings: Iterable[Drawing]) -> None:
        """A draw happened: what it took is free here."""
        for drawing in drawings:
            self.accounts[drawing.window.id].purse(drawing.lease_class).free += drawing.amount

    def learn(self, states: dict[WindowId, WindowState], now: float) -> None:
        """The store said how windows stand."""
        for window, state in states.items():
            if (account := self.accounts.get(window)) is not None:
                account.state, account.learned_at = state, now
                account.state_version = account.window.limit_version

    def charge(self, holds: Sequence[Held], costs: Sequence[int]) -> tuple[Charge, ...]:
        """Cover costs from their holds, and what is above them from what is free; nothing is freed yet."""
        charges: list[Charge] = []
        for hold, cost in zip(holds, costs, strict=True):
            covered = min(cost, hold.amount)
            if cost > hold.amount and (account := self.accounts.get(hold.window)) is not None:
                purse = account.purse(hold.lease_class)
                extra = min(cost - hold.amount, purse.free)
                purse.free -= extra
                covered += extra
            charges.append(Charge(cost, covered))
        return tuple(charges)

    def free(self, holds: Sequence[Held], charges: Sequence[Charge], now: float) -> list[Account]:
        """Free what a settled request did not use; without charges all of it.

        Returns:
            The accounts in which something is free that others may be waiting for.
        """
        freed: list[Account] = []
        for index, hold in enumerate(holds):
            account = self.accounts.get(hold.window)
            if account is None:
                continue
            purse = account.purse(hold.lease_class)
            charge = charges[index] if charges else None
            purse.held -= hold.amount
            if charge is not None:
                account.cost(charge.cost, now)
            surplus = hold.amount - (min(charge.from_lease, hold.amount) if charge is not None else 0)
            purse.free += surplus
            if surplus:
                freed.append(account)
        return freed

    def take_free(self, accounts: Iterable[Account]) -> list[Drawing]:
        """Take everything that is free out of accounts, to be returned to the store."""
        returns: list[Drawing] = []
        for account in accounts:
            for lease_class in LeaseClass:
                purse = account.purse(lease_class)
                if purse.free:
                    returns.append(
                        Drawing(
                            window=account.window,
                            lease_class=lease_class,
                            amount=purse.free,
                            typical=max(account.typical, 1),
                        )
                    )
                    purse.free = 0
        return returns

    def idle(self, now: float) -> list[Account]:
        """Accounts with something free that was not touched lately; those with nothing at all are forgotten."""
        idle: list[Account] = []
        for account in list(self.accounts.values()):
            if account.waiting or now - account.touched_at < IDLE_S:
                continue
            if account.normal.free or account.critical.free:
                idle.append(account)
            elif not account.held:
                del self.accounts[account.window.id]
        return idle
