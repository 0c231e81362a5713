"""One worker of the state machine: the real treasury, a journal in memory, and a line to the store that breaks."""

from collections.abc import Collection, Sequence

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import KeyId, OrganizationId, OwnerId
from headgate.domain.money import NanoUsd
from headgate.domain.principal import Attribution
from headgate.infra.leases.memory import Failure
from headgate.ledger.budgets import BudgetTable, Payer
from headgate.ledger.leases import Need
from headgate.ledger.postings import raised
from headgate.ledger.records import Held, Raised, Sent
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowSpec, WindowState
from headgate.pipeline.ports import LeaseStore, StoreUnavailableError
from headgate.pipeline.treasury import Treasury
from tests.kit import books as records
from tests.kit.fakes import FakeClock
from tests.kit.money.books import Books, Ended


class Line:
    """A worker's way to the store, on which questions and answers get lost. Checks what every draw leaves behind."""

    def __init__(self, store: LeaseStore, clock: FakeClock, opened: dict[WindowId, WindowSpec]) -> None:
        self.failures: list[Failure] = []
        self.lost = 0
        """How often no answer came."""
        self._store = store
        self._clock = clock
        self._opened = opened
        self._happened: set[int] = set()

    async def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        failure = self._begin()
        await self._store.open(owner, node=node, boot_id=boot_id)
        self._end(failure)

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        failure = self._begin()
        drawn = await self._store.draw(owner, seq, drawings)
        self._opened.update({each.window.id: each.window for each in drawings})
        if not drawn.missed and seq not in self._happened:
            self._happened.add(seq)
            for each in drawings:
                state = drawn.states[each.window.id]
                assert state.spent + state.leased <= state.cap(each.lease_class), (each, state)
        self._end(failure)
        return drawn

    async def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        failure = self._begin()
        states = await self._store.give_back(owner, seq, returns)
        self._happened.add(seq)
        self._end(failure)
        return states

    async def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        failure = self._begin()
        states = await self._store.recall(windows)
        self._end(failure)
        return states

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        self._end(self._begin())
        return await self._store.states(windows)

    async def pulse(self, owner: OwnerId) -> Pulse:
        self._end(self._begin())
        return (await self._store.pulse(owner))._replace(now=self._clock.now())

    def _begin(self) -> Failure | None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is Failure.BEFORE_COMMIT:
            self._end(Failure.AFTER_COMMIT)
        return failure

    def _end(self, failure: Failure | None) -> None:
        if failure is not None:
            self.lost += 1
            raise StoreUnavailableError("no answer")


class MoneyWorker:
    """The real code that holds and settles, and what its journal says."""

    def __init__(self, owner: OwnerId, books: Books, clock: FakeClock, opened: dict[WindowId, WindowSpec]) -> None:
        self.owner = owner
        self.line = Line(books.connect(), clock, opened)
        self.treasury = Treasury(self.line, clock, owner, node="node", boot_id="boot")
        self.budgets = BudgetTable((), ())
        self.running: dict[str, Sent] = {}
        """Sent and not settled, as raised."""
        self.ended: list[Ended] = []
        """In the journal's order."""
        self.posted = 0
        """How many of them are in the books."""
        self._organization_id = books.organization_id
        self._clock = clock

    def needs(self, user: str | None, amounts: Sequence[int]) -> list[Need]:
        """What a request needs: amounts by the number in the budget's name."""
        payer = Payer(OrganizationId(self._organization_id), KeyId("1" * 32), Attribution(user=user))
        found = self.budgets.in_force(payer)
        now = self.treasury.now()
        needs = [Need(each.window(now), amounts[int(each.budget.name.split()[-1])]) for each in found]
        return sorted(needs, key=lambda need: need.window.id)

    def send(self, request_id: str, user: str | None, holds: Sequence[Held]) -> None:
        """Write "sent"."""
        self.running[request_id] = records.sent(
            request_id=request_id,
            organization_id=self._organization_id,
            attribution=Attribution(user=user),
            at=self._clock.now(),
            holds=tuple(holds),
            hold=NanoUsd(sum(hold.amount for hold in holds)),
        )

    def raise_hold(self, request_id: str, more: Sequence[Held]) -> None:
        """Write "raised"; what is added is of the classes that are held."""
        sent = self.running[request_id]
        added = {held.window: held.amount for held in more}
        holds = tuple(Held(h.window, h.lease_class, h.amount + added.get(h.window, 0)) for h in sent.holds)
        record = Raised(request_id=sent.request_id, attempt=1, hold=NanoUsd(0), holds=holds)
        self.running[request_id] = raised(sent, record)

    def settle(self, request_id: str, costs: Sequence[int]) -> None:
        """Write "settled", then free the rest."""
        sent = self.running.pop(request_id)
        charges = self.treasury.charge(sent.holds, costs)
        settled = records.settled(
            request_id=request_id, charges=charges, at=self._clock.now(), cost=NanoUsd(sum(costs))
        )
        self.ended.append(Ended(sent, settled))
        self.treasury.free(sent.holds, charges)

    def release(self, request_id: str) -> None:
        """Provably unbilled: nothing is charged."""
        sent = self.running.pop(request_id)
        self.treasury.release(sent.holds)

    def unposted(self) -> list[Ended]:
        return self.ended[self.posted :]

    def pending(self) -> dict[tuple[WindowId, LeaseClass], int]:
        """What an operation whose outcome is unknown may have moved."""
        pending = self.treasury._leases._pending
        return {} if pending is None else {(each.window.id, each.lease_class): each.amount for each in pending[1]}
