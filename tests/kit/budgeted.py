"""A whole pipeline on twins, under budgets: somebody plays the treasury's task, and time passes only while one waits."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.domain.prices import Rate
from headgate.domain.usage import Unit
from headgate.ledger.calendar import calendar, calendar_id
from headgate.ledger.records import Sent, Settled
from headgate.pipeline.request import Reply
from headgate.snapshot.contract import Budget, Organization, Snapshot
from tests.kit.fakes import (
    CARDS,
    NOON,
    ORGANIZATION,
    OWNER,
    Rig,
    ScriptedAnswer,
    chat_answer,
    price_card,
    snapshot_of,
)

CHAT_BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
COST = 100 * 1_000 + 10 * 4_000
"""Of `chat_answer`, nano-USD."""
FREE_CARD = price_card("openai", "gpt-free", rates={}, free=True)
ZERO_CARD = price_card("openai", "gpt-zero", rates={unit: Rate(Decimal(0)) for unit in (Unit.INPUT, Unit.OUTPUT)})
TURN_S = 0.02


def budget(limit: int, name: str = "Everybody", **changes: Any) -> Budget:
    """A hard budget of the installation, per day, in nano-USD."""
    period = changes.get("period", Period.DAY)
    whole = Budget(
        id=BudgetId(name),
        organization_id=None,
        name=name,
        scope=Scope.SYSTEM,
        period=Period.DAY,
        calendar=calendar_id(period, "UTC"),
        unit=BudgetUnit.MONEY,
        limit=limit,
        hard=limit,
    )
    return msgspec.structs.replace(whole, **changes)


def snapshot_with(*budgets: Budget, organization: Organization = ORGANIZATION, **changes: Any) -> Snapshot:
    """A snapshot with budgets and what they need; `gpt-free` and `gpt-zero` cost nothing."""
    snapshot = snapshot_of(organization=organization, cards=(*CARDS, FREE_CARD, ZERO_CARD))
    calendars = tuple(calendar(period, "UTC", now=NOON) for period in Period)
    return msgspec.structs.replace(snapshot, budgets=budgets, calendars=calendars, **changes)


class Budgeted(Rig):
    """A rig whose clock runs while a request waits for its hold."""

    posted = 0
    """How many settlements are in the books."""

    async def ask(
        self, *script: ScriptedAnswer | BaseException, body: Mapping[str, Any] = CHAT_BODY, **changes: Any
    ) -> Reply:
        """Run a request to its answer, or to its refusal; without a script it is answered as usual."""
        script = script or (ScriptedAnswer(200, chat_answer()),)
        running = asyncio.create_task(self.run(*script, body=body, **changes))
        while not running.done():
            await self.turn()
            if not running.done():
                self.clock.advance(TURN_S)
        return await running

    async def run_until_held(self) -> "asyncio.Task[Reply]":
        """Begin a request whose answer does not come."""
        running = asyncio.create_task(self.run(ScriptedAnswer(200, b"", stalls=True), body=CHAT_BODY))
        while not self.upstream.asked:
            await self.turn()
        return running

    async def turn(self) -> None:
        """Play one turn of the treasury's task."""
        for _ in range(5):
            await asyncio.sleep(0)
        await self.treasury.step()
        for _ in range(5):
            await asyncio.sleep(0)

    def post(self) -> None:
        """Do what ingest does with everything that was settled."""
        sent = {record.request_id: record for record in self.journal.of(Sent)}
        for settled in self.journal.of(Settled)[self.posted :]:
            self.posted += 1
            if settled.charges:
                self.store.post(OWNER, sent[settled.request_id].holds, settled.charges)

    @property
    def spent(self) -> dict[str, int]:
        """By window, as posted."""
        return {name: row.spent for name, row in self.store.rows.items()}
