"""The books in a database, through the code that keeps them: Django on one side, the real lease stores on the other."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
from django.db import connection

from headgate.control.budgets import operations, resets
from headgate.control.budgets import queries as budget_queries
from headgate.control.budgets.models import Budget as BudgetRow
from headgate.control.budgets.spending import Subject
from headgate.control.ledger.operations import CursorMovedError, close_owner, post
from headgate.control.ledger.queries import cursor_of
from headgate.control.organizations.models import Organization
from headgate.domain.budget import BudgetUnit, LeaseClass, WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.postgres import PostgresLeaseStore
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.infra.leases.threaded import BlockingLeaseStore
from headgate.ledger.postings import OwnerPosting, cost_event, orphan_charges, orphan_event, window_charges
from headgate.ledger.records import Sent
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.ports import LeaseStore
from headgate.snapshot.contract import Budget
from tests.kit.fakes import FakeClock
from tests.kit.money.books import Ended, LeaseKey, Terms, WindowRow

_WINDOWS = "SELECT id, limit_amount, hard_limit, limit_version, spent, leased, excess, overrun FROM headgate_window"
_LEASES = "SELECT window_id, owner_id, lease_class, remaining FROM headgate_lease WHERE remaining <> 0"


def lease_store() -> SqliteLeaseStore | PostgresLeaseStore:
    """The lease store in the database that Django is connected to."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return SqliteLeaseStore(Path(place["NAME"]))
    return PostgresLeaseStore(f"postgres://{place['USER']}@{place['HOST']}:{place['PORT']}/{place['NAME']}")


class Inline:
    """A blocking store as the port, without a thread: every call is one indivisible step."""

    def __init__(self, store: BlockingLeaseStore) -> None:
        self.blocking = store

    async def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        self.blocking.open(owner, node=node, boot_id=boot_id)

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        return self.blocking.draw(owner, seq, drawings)

    async def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        return self.blocking.give_back(owner, seq, returns)

    async def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        return self.blocking.recall(windows)

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        return self.blocking.states(windows)

    async def pulse(self, owner: OwnerId) -> Pulse:
        return self.blocking.pulse(owner)


class DatabaseBooks:
    """Budgets of one new organization in a migrated database; other tests may have left theirs."""

    def __init__(self, clock: FakeClock) -> None:
        self.organization_id = uuid.uuid4().hex
        self._clock = clock
        self._organization = Organization.objects.create(id=self.organization_id, name=self.organization_id)
        self._rows: dict[str, BudgetRow] = {}
        self._stores: list[Inline] = []
        self._changes = 0

    def connect(self) -> LeaseStore:
        self._stores.append(Inline(lease_store()))
        return self._stores[-1]

    def open_budget(self, terms: Terms) -> Budget:
        number = len(self._rows)
        row = operations.create_budget(
            # Windows are locked in the order of these: the same in every run.
            id=f"{number:04x}{self.organization_id[4:]}",
            organization=self._organization,
            name=f"budget {number}",
            scope=terms.scope.value,
            period=terms.period.value,
            unit=terms.unit.value,
            limit=self._limit(terms.unit, terms.limit),
            soft=terms.soft,
            now=self._now(),
        )
        self._rows[row.pk] = row
        return self._published(row)

    def change_limit(self, budget: Budget, limit: int) -> Budget:
        row = self._rows[budget.id]
        changed = operations.change_limit(row, self._limit(budget.unit, limit), now=self._now())
        return self._published(changed)

    def reset(self, budget: Budget, user: str | None) -> Budget:
        self._changes += 1
        done = resets.reset(
            self._rows[budget.id],
            reset_id=f"{self.organization_id}-{self._changes}",
            reason="The machine says so.",
            actor="machine",
            subject=None if user is None else Subject(self.organization_id, user),
            now=self._now(),
        )
        assert done
        return self._published(self._rows[budget.id])

    def post(self, owner: OwnerId, ended: Sequence[Ended]) -> frozenset[str]:
        posted = cursor_of(owner).posted
        events = [cost_event(sent, settled) for sent, settled in ended]
        posting = OwnerPosting(
            owner_id=owner,
            posted_from=posted,
            posted_to=posted + 1,
            low_watermark=0,
            events=tuple(event for event in events if event is not None),
            charges=tuple(charge for sent, settled in ended for charge in window_charges(sent, settled)),
        )
        self._refuses(msgspec.structs.replace(posting, posted_from=posted + 1, posted_to=posted + 2))
        return post(posting).event_ids

    def close(self, owner: OwnerId, orphans: Sequence[Sent], *, lost_power: bool) -> frozenset[str]:
        events = [orphan_event(sent, self._clock.now()) for sent in orphans]
        charges = [charge for sent in orphans for charge in orphan_charges(sent)]
        return close_owner(owner, events, charges=charges, lost_power=lost_power).event_ids

    def windows(self) -> dict[WindowId, WindowRow]:
        return {WindowId(row[0]): WindowRow(*row[1:]) for row in self._query(_WINDOWS)}

    def leases(self) -> dict[LeaseKey, int]:
        return {(WindowId(w), OwnerId(o), LeaseClass(c)): left for w, o, c, left in self._query(_LEASES)}

    def end(self) -> None:
        for store in self._stores:
            store.blocking.close()
        for row in self._rows.values():
            operations.retire(row, now=self._now())
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM headgate_lease")
            cursor.execute("DELETE FROM headgate_window")

    def _refuses(self, posting: OwnerPosting) -> None:
        """What does not begin where the books are is not posted."""
        try:
            post(posting)
        except CursorMovedError:
            return
        raise AssertionError(posting.owner_id)

    def _published(self, row: BudgetRow) -> Budget:
        return budget_queries.published(BudgetRow.objects.get(pk=row.pk), Decimal(1))

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock.now(), dt.UTC)

    def _limit(self, unit: BudgetUnit, limit: int) -> Decimal:
        return Decimal(limit).scaleb(-9) if unit is BudgetUnit.MONEY else Decimal(limit)

    def _query(self, statement: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
