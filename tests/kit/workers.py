"""One worker's treasury, turn by turn: nothing happens between the turns that a test takes, and no time passes."""

import asyncio
from collections.abc import Sequence

from headgate.domain.budget import LeaseClass
from headgate.domain.ids import OwnerId
from headgate.ledger.leases import Need
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import WindowSpec
from headgate.pipeline.ports import LeaseStore
from headgate.pipeline.treasury import PATIENCE_S, Treasury
from headgate.pipeline.waiting import Placement
from tests.kit.fakes import FakeClock

NORMAL, CRITICAL = LeaseClass.NORMAL, LeaseClass.CRITICAL


def need(window: WindowSpec, amount: int) -> Need:
    """What a request has to hold in a window."""
    return Need(window, amount)


class Worker:
    """A treasury whose task a test plays: `turn` is one turn of `Treasury.run`."""

    def __init__(self, store: LeaseStore, clock: FakeClock, name: str = "a") -> None:
        self.owner = OwnerId(name * 32)
        self.clock = clock
        self.treasury = Treasury(store, clock, self.owner, node="node", boot_id="boot")

    def ask(
        self, *needs: Need, critical: bool = False, patience_s: float = PATIENCE_S, instead: Sequence[Need] = ()
    ) -> "asyncio.Task[Placement]":
        """Ask for a hold; `instead` is a second form of the request."""
        forms = [needs, instead] if instead else [needs]
        return asyncio.create_task(self.treasury.place_hold(forms, critical=critical, patience_s=patience_s))

    async def turn(self, turns: int = 1) -> bool:
        """Let everybody run, then play the task that speaks to the store."""
        answered = True
        for _ in range(turns):
            await asyncio.sleep(0)
            answered = await self.treasury.step()
            # Whoever got an answer goes on.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return answered

    async def hold(self, *needs: Need, critical: bool = False, patience_s: float = 0) -> tuple[Held, ...]:
        """Place a hold that fits, or is refused, in one turn."""
        asked = self.ask(*needs, critical=critical, patience_s=patience_s)
        await self.turn()
        assert asked.done()
        return asked.result().holds

    def settle(self, holds: Sequence[Held], *costs: int) -> tuple[Charge, ...]:
        """Settle a hold at its costs, and free the rest."""
        charges = self.treasury.charge(holds, costs)
        self.treasury.free(holds, charges)
        return charges

    def free_in(self, window: WindowSpec, lease_class: LeaseClass = NORMAL) -> int:
        """What is free here in a window."""
        account = self.treasury.book.accounts.get(window.id)
        return 0 if account is None else account.purse(lease_class).free
