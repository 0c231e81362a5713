"""The state machine of budgets: several workers, several budgets, and everything that can happen to them in any order.

Workers are the real treasury over a real lease store; a model beside them knows what must have been spent and how far
over a limit a window may be. Nothing here waits for time: turns are taken, and the clock is moved.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from headgate.domain.budget import BudgetUnit, LeaseClass, Period, Scope, WindowId
from headgate.domain.errors import Unavailable
from headgate.domain.ids import OwnerId
from headgate.infra.leases.memory import Failure
from headgate.ledger.budgets import BudgetTable
from headgate.ledger.calendar import calendar
from headgate.ledger.leases import Need
from headgate.ledger.postings import event_id_of
from headgate.ledger.windows import WindowSpec
from headgate.pipeline.ports import OwnerClosedError
from headgate.pipeline.treasury import PATIENCE_S
from headgate.pipeline.waiting import SPENT_FOR_SURE_S, Placement, ShortageError
from headgate.snapshot.contract import Budget
from tests.kit.fakes import FakeClock
from tests.kit.leases import take, window
from tests.kit.money.books import Ended, Open, Terms, WindowRow
from tests.kit.money.worker import MoneyWorker

MOST_WORKERS = 4
USERS = ("anna", "ben", None)
DAY_S = 86_400

terms = st.builds(
    Terms,
    scope=st.sampled_from([Scope.ORGANIZATION, Scope.USER]),
    period=st.sampled_from([Period.DAY, Period.TOTAL]),
    unit=st.sampled_from(BudgetUnit),
    limit=st.sampled_from([0, 10, 100, 1_000, 5_000]),
    soft=st.booleans(),
)
amounts = st.lists(st.one_of(st.integers(1, 30), st.integers(1, 600)), min_size=4, max_size=4)
costs = st.lists(st.sampled_from([0, 1, 50, 100, 101, 150, 400]), min_size=4, max_size=4)
"""In per cent of the holds."""
_T = TypeVar("_T")


class Asked(NamedTuple):
    """A request that waits."""

    name: str
    worker: MoneyWorker
    user: str | None
    forms: list[list[Need]]
    critical: bool
    patience_s: float
    fitted: bool
    """There is room for it, and nobody before it: true for its first turn only."""
    task: "asyncio.Task[Placement]"


class MoneyMachine(RuleBasedStateMachine):
    """A subclass says which books."""

    open_books: Open

    @initialize(budgets=st.lists(terms, min_size=1, max_size=4), workers=st.integers(1, MOST_WORKERS))
    def start(self, budgets: list[Terms], workers: int) -> None:
        self.clock = FakeClock()
        self.loop = asyncio.new_event_loop()
        self.books = type(self).open_books(self.clock)
        self.opened: dict[WindowId, WindowSpec] = getattr(self.books, "opened", {})
        self.budgets: list[Budget] = [self.books.open_budget(each) for each in budgets]
        self.names = self.owners = 0
        self.workers: list[MoneyWorker] = []
        self.dead: list[MoneyWorker] = []
        self.waiting: list[Asked] = []
        self.spent: dict[WindowId, int] = defaultdict(int)
        self.overruns: dict[WindowId, int] = defaultdict(int)
        self.before: dict[WindowId, WindowRow] = {}
        self.over: dict[WindowId, int] = defaultdict(int)
        """How far over its hard limit a window may be."""
        self.raised_at = -1.0
        self.latest: dict[str, OwnerId] = {}
        for _ in range(workers):
            self.begin()

    # -------------------------------------------------------------------- requests

    @precondition(lambda self: self.workers)
    @rule(
        which=st.integers(0, 9),
        user=st.sampled_from(USERS),
        amounts=amounts,
        smaller=st.booleans(),
        critical=st.booleans(),
        patient=st.booleans(),
        beyond=st.none() | st.integers(-1, 1),
    )
    def ask(
        self,
        which: int,
        user: str | None,
        amounts: list[int],
        smaller: bool,
        critical: bool,
        patient: bool,
        beyond: int | None,
    ) -> None:
        """`beyond`: ask for all that is left, and so much more."""
        worker = self.pick(self.workers, which)
        forms = [worker.needs(user, amounts)]
        rows = self.books.windows()
        if beyond is not None:
            forms[0] = [Need(n.window, max(1, self.room(worker, n.window, rows) + beyond)) for n in forms[0]]
        if smaller:
            forms.append(worker.needs(user, [-(-amount // 2) for amount in amounts]))
        self.names += 1
        name = f"{worker.owner}_{self.names}"
        if worker.treasury.closed:
            return
        held = worker.treasury.try_hold(forms[0], critical=critical)
        if held is not None:
            worker.send(name, user, held)
            return
        patience_s = PATIENCE_S if patient else 0.0
        queue = any(asked.worker is worker for asked in self.waiting)
        fitted = not queue and self.fit(worker, forms[0], rows, critical=critical)
        task = self.loop.create_task(worker.treasury.place_hold(forms, critical=critical, patience_s=patience_s))
        self.waiting.append(Asked(name, worker, user, forms, critical, patience_s, fitted, task))
        self.turn_of(worker)
        self.waiting = [each._replace(fitted=False) for each in self.waiting]

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 9))
    def hang_up(self, which: int) -> None:
        asked = self.pick(self.waiting, which)
        asked.task.cancel()
        self.settle_down()

    @precondition(lambda self: any(worker.running for worker in self.workers))
    @rule(which=st.integers(0, 99), percent=costs, covered=st.booleans())
    def settle(self, which: int, percent: list[int], covered: bool) -> None:
        worker, name = self.pick_running(which)
        holds = worker.running[name].holds
        amounts = [hold.amount * part // 100 for hold, part in zip(holds, percent, strict=False)]
        if covered and not worker.treasury.closed:
            task = self.loop.create_task(worker.treasury.cover(holds, amounts))
            self.turn_of(worker)
            if not task.done():
                # The store does not answer: an overrun is booked without it.
                task.cancel()
                self.settle_down()
        worker.settle(name, amounts)

    @precondition(lambda self: any(worker.running for worker in self.workers))
    @rule(which=st.integers(0, 99))
    def release(self, which: int) -> None:
        worker, name = self.pick_running(which)
        worker.release(name)

    @precondition(lambda self: any(worker.running for worker in self.workers))
    @rule(which=st.integers(0, 99), more=amounts)
    def top_up(self, which: int, more: list[int]) -> None:
        worker, name = self.pick_running(which)
        holds = worker.running[name].holds
        if worker.treasury.closed or any(hold.lease_class is LeaseClass.CRITICAL for hold in holds):
            return
        needs = [
            Need(self.opened[hold.window], amount)
            for hold, amount in zip(holds, more, strict=False)
            if hold.window in self.opened and amount
        ]
        task = self.loop.create_task(worker.treasury.place_hold([needs], critical=False, patience_s=0))
        self.turn_of(worker)
        if not task.done():
            task.cancel()
            self.settle_down()
        elif task.exception() is None:
            worker.raise_hold(name, task.result().holds)

    # -------------------------------------------------------------------- workers

    @precondition(lambda self: self.workers)
    @rule(which=st.integers(0, 9), turns=st.integers(1, 3))
    def take_turns(self, which: int, turns: int) -> None:
        for _ in range(turns):
            self.turn_of(self.pick(self.workers, which))

    @rule(seconds=st.sampled_from([0.05, 0.1, 0.3, 1.1, 6.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for worker in list(self.workers):
            self.turn_of(worker)

    @rule()
    def wait_for_tomorrow(self) -> None:
        self.clock.advance(DAY_S)

    @precondition(lambda self: self.workers)
    @rule(which=st.integers(0, 9), failures=st.lists(st.sampled_from(Failure), min_size=1, max_size=4))
    def cut_the_line(self, which: int, failures: list[Failure]) -> None:
        self.pick(self.workers, which).line.failures.extend(failures)

    @precondition(lambda self: len(self.workers) < MOST_WORKERS)
    @rule()
    def begin(self) -> None:
        self.owners += 1
        owner = OwnerId(f"{self.owners:x}".rjust(4, "0") + self.books.organization_id[:28])
        worker = MoneyWorker(owner, self.books, self.clock, self.opened)
        self.workers.append(worker)
        self.tell(worker)
        self.turn_of(worker)

    @precondition(lambda self: self.workers)
    @rule(which=st.integers(0, 9))
    def hear_of_changes(self, which: int) -> None:
        self.tell(self.pick(self.workers, which))

    @precondition(lambda self: len(self.workers) > 1)
    @rule(which=st.integers(0, 9))
    def kill(self, which: int) -> None:
        worker = self.pick(self.workers, which)
        self.workers.remove(worker)
        for asked in [each for each in self.waiting if each.worker is worker]:
            asked.task.cancel()
            self.waiting.remove(asked)
        self.settle_down()
        self.dead.append(worker)

    # -------------------------------------------------------------------- ingest and the control plane

    @precondition(lambda self: any(worker.unposted() for worker in self.workers + self.dead))
    @rule(which=st.integers(0, 9), count=st.integers(1, 4), again=st.integers(0, 2))
    def post(self, which: int, count: int, again: int) -> None:
        worker = self.pick([each for each in self.workers + self.dead if each.unposted()], which)
        self.post_of(worker, count, again)

    @precondition(lambda self: self.dead)
    @rule(which=st.integers(0, 9))
    def recover(self, which: int) -> None:
        worker = self.pick(self.dead, which)
        self.dead.remove(worker)
        self.recover_from(worker)

    @precondition(lambda self: self.dead)
    @rule(which=st.integers(0, 9), kept=st.integers(0, 3), sent_too=st.booleans())
    def recover_after_a_power_loss(self, which: int, kept: int, sent_too: bool) -> None:
        """The end of the journal is gone: what was settled last, and maybe that it was sent."""
        worker = self.pick(self.dead, which)
        self.dead.remove(worker)
        lost = worker.ended[worker.posted + kept :]
        del worker.ended[worker.posted + kept :]
        if sent_too:
            worker.running.clear()
        else:
            worker.running.update({sent.request_id: sent for sent, _ in lost})
        self.recover_from(worker, lost_power=True)

    @rule(which=st.integers(0, 9), limit=st.sampled_from([0, 5, 50, 200, 2_000, 10_000]))
    def change_limit(self, which: int, limit: int) -> None:
        number = which % len(self.budgets)
        self.budgets[number] = self.books.change_limit(self.budgets[number], limit)
        self.raised_at = self.clock.monotonic()
        for name, row in self.books.windows().items():
            if name in self.before:
                self.over[name] += max(0, self.before[name].hard - row.hard)

    @rule(which=st.integers(0, 9), user=st.sampled_from(USERS))
    def reset(self, which: int, user: str | None) -> None:
        number = which % len(self.budgets)
        budget = self.budgets[number]
        self.budgets[number] = self.books.reset(budget, user if budget.scope is Scope.USER else None)

    # -------------------------------------------------------------------- what always holds

    @invariant()
    def the_store_is_never_overdrawn(self) -> None:
        rows, leases = self.books.windows(), self.books.leases()
        drawn: dict[WindowId, int] = defaultdict(int)
        for (name, _, _), remaining in leases.items():
            assert remaining >= 0
            drawn[name] += remaining
        for name, row in rows.items():
            assert min(row) >= 0, (name, row)
            over = max(0, row.spent + row.leased - row.hard)
            assert over == row.excess, (name, row)
            assert over <= self.over[name], (name, row)
            # What is over shrinks with the rows: it is no allowance for later.
            self.over[name] = over
            assert row.leased == drawn[name], (name, row)
            assert (self.spent[name], self.overruns[name]) == (row.spent, row.overrun), name
        assert drawn.keys() <= rows.keys()
        self.before = rows

    @invariant()
    def every_worker_has_what_the_store_says_that_it_has(self) -> None:
        leases = self.books.leases()
        for worker in self.workers:
            if worker.treasury.closed:
                continue
            mine: dict[tuple[WindowId, LeaseClass], int] = defaultdict(int)
            held: dict[tuple[WindowId, LeaseClass], int] = defaultdict(int)
            for name, account in worker.treasury.book.accounts.items():
                for lease_class in LeaseClass:
                    assert account.purse(lease_class).free >= 0
                    mine[name, lease_class] += account.purse(lease_class).free
                assert account.waiting >= 0
            for sent in worker.running.values():
                for hold in sent.holds:
                    held[hold.window, hold.lease_class] += hold.amount
            for (name, lease_class), amount in held.items():
                account = worker.treasury.book.accounts.get(name)
                assert amount == (0 if account is None else account.purse(lease_class).held)
                mine[name, lease_class] += amount
            for sent, settled in worker.unposted():
                for hold, charge in zip(sent.holds, settled.charges, strict=True):
                    mine[hold.window, hold.lease_class] += charge.from_lease
            theirs = {(name, kind): left for (name, owner, kind), left in leases.items() if owner == worker.owner}
            pending = worker.pending()
            for key in mine.keys() | theirs.keys():
                unknown = theirs.get(key, 0) - mine[key]
                assert unknown in {0, pending.get(key, 0)}, (key, theirs.get(key, 0), mine[key])

    @invariant()
    def nobody_queues_for_one_who_has_left(self) -> None:
        for worker in self.workers:
            waiting = sum(account.waiting for account in worker.treasury.book.accounts.values())
            assert waiting == 0 or any(asked.worker is worker for asked in self.waiting)

    def teardown(self) -> None:
        if not hasattr(self, "books"):
            return
        try:
            for worker in list(self.workers):
                self.workers.remove(worker)
                self.dead.append(worker)
            for asked in self.waiting:
                asked.task.cancel()
            self.waiting.clear()
            self.settle_down()
            for worker in self.dead:
                self.recover_from(worker)
            self.the_store_is_never_overdrawn()
            assert {} == self.books.leases()
            assert {0} >= {row.leased for row in self.books.windows().values()}
        finally:
            self.loop.close()
            self.books.end()

    # -------------------------------------------------------------------- how it is done

    def pick(self, among: Sequence[_T], which: int) -> _T:
        return among[which % len(among)]

    def pick_running(self, which: int) -> tuple[MoneyWorker, str]:
        return self.pick([(worker, name) for worker in self.workers for name in worker.running], which)

    def tell(self, worker: MoneyWorker) -> None:
        now = self.clock.now()
        worker.budgets = BudgetTable(self.budgets, [calendar(period, "UTC", now=now) for period in Period])

    def turn_of(self, worker: MoneyWorker) -> None:
        self.run(self._turn(worker))
        self.gather()

    def settle_down(self) -> None:
        """Let everybody who was told something go on."""
        self.run(asyncio.sleep(0))
        self.run(asyncio.sleep(0))
        self.gather()

    def run(self, what: Coroutine[Any, Any, object]) -> None:
        self.loop.run_until_complete(what)

    async def _turn(self, worker: MoneyWorker) -> None:
        await asyncio.sleep(0)
        if not worker.treasury.closed:
            await worker.treasury.step()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def gather(self) -> None:
        """Take note of what became of those who wait."""
        for asked in list(self.waiting):
            if not asked.task.done():
                continue
            self.waiting.remove(asked)
            if asked.task.cancelled():
                continue
            error = asked.task.exception()
            if error is None:
                asked.worker.send(asked.name, asked.user, asked.task.result().holds)
            elif isinstance(error, ShortageError):
                self.check_refusal(asked, error)
            else:
                assert isinstance(error, Unavailable), error
                assert asked.worker.line.lost

    def check_refusal(self, asked: Asked, refusal: ShortageError) -> None:
        """Nobody is refused what there was room for when he came, or is when he has waited."""
        if self.clock.monotonic() - self.raised_at < SPENT_FOR_SURE_S:
            return
        assert not asked.fitted, (asked.forms, refusal.short)
        if asked.patience_s:
            rows = self.books.windows()
            for needs in asked.forms:
                assert not self.fit(asked.worker, needs, rows, critical=asked.critical), (needs, rows)

    def fit(
        self, worker: MoneyWorker, needs: Sequence[Need], rows: dict[WindowId, WindowRow], *, critical: bool
    ) -> bool:
        """Whether there is room for a request, by what the store and the worker have."""
        for need in needs:
            account = worker.treasury.book.accounts.get(need.window.id)
            above = 0 if account is None else account.critical.free
            _, hard, taken = self.standing(need.window, rows)
            below = need.amount <= self.room(worker, need.window, rows)
            if not below and not (critical and taken + need.amount - above <= hard):
                return False
        return True

    def room(self, worker: MoneyWorker, spec: WindowSpec, rows: dict[WindowId, WindowRow]) -> int:
        """What a worker can hold in a window below its limit."""
        account = worker.treasury.book.accounts.get(spec.id)
        limit, _, taken = self.standing(spec, rows)
        return (0 if account is None else account.normal.free) + max(0, limit - taken)

    def standing(self, spec: WindowSpec, rows: dict[WindowId, WindowRow]) -> tuple[int, int, int]:
        """Limit and hard limit in force for who knows this specification, and what is taken."""
        row = rows.get(spec.id)
        if row is None:
            return spec.limit, spec.hard, 0
        newer = spec if spec.limit_version > row.limit_version else row
        return newer.limit, newer.hard, row.spent + row.leased

    def post_of(self, worker: MoneyWorker, count: int, again: int = 0) -> None:
        new = worker.unposted()[:count]
        twice = worker.ended[max(0, worker.posted - again) : worker.posted]
        worker.posted += len(new)
        inserted = self.books.post(worker.owner, [*twice, *new])
        assert {event_id_of(each.sent) for each in new} == inserted
        self.booked(new)

    def booked(self, ended: Sequence[Ended]) -> None:
        for sent, settled in ended:
            for hold, charge in zip(sent.holds, settled.charges, strict=True):
                self.spent[hold.window] += charge.cost
                self.overruns[hold.window] += charge.cost - charge.from_lease
                self.over[hold.window] += charge.cost - charge.from_lease

    def recover_from(self, worker: MoneyWorker, *, lost_power: bool = False) -> None:
        """As the worker role does: post to the end, then book the orphans and close."""
        self.post_of(worker, len(worker.ended), again=1)
        orphans = list(worker.running.values())
        drawn = [(name, left) for (name, owner, _), left in self.books.leases().items() if owner == worker.owner]
        held = [(hold.window, hold.amount) for sent in orphans for hold in sent.holds]
        inserted = self.books.close(worker.owner, orphans, lost_power=lost_power)
        assert {event_id_of(sent) for sent in orphans} == inserted
        # Whatever was drawn may have been spent by what the journal lost.
        for name, amount in drawn if lost_power else held:
            self.spent[name] += amount
        self.run(self._is_deaf_to(worker))

    async def _is_deaf_to(self, worker: MoneyWorker) -> None:
        """What a dead worker had still on its way does not happen any more."""
        if worker.treasury._leases._opened:
            worker.line.failures.clear()
            for seq in (worker.treasury._leases._seq, worker.treasury._leases._seq + 1):
                try:
                    await worker.line.draw(worker.owner, seq, [take(window(), 1)])
                except OwnerClosedError:
                    continue
                raise AssertionError(worker.owner)
