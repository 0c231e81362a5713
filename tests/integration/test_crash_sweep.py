"""A storm with faults in it: nothing is overdrawn, nothing lost, nothing doubled, and every lease is closed.

More than fifty faults over both databases, in an order and at moments that a seed decides (the machine has its say too).
"""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.kit.cutting import CuttingProxy
from tests.kit.faults import Faults, kill_everything, small_disk
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.load import Load
from tests.kit.sampler import Sampler
from tests.kit.simulator import bill, compare, settled_books
from tests.kit.storm import drain, drain_to_the_last, set_up, spent_by_events, wait_for_quiet, windows
from tests.kit.storm_plan import Plan, make_plan

SEED = 33
WORKERS = 3
CONCURRENCY = 48
DISK_MB = 256
ON_BOTH = {"kill_worker": 8, "kill_ingest": 6, "pause_worker": 2, "fill_disk": 3}
ON_POSTGRES = {"terminate_leases": 8, "cut_commit": 10}

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("whole machine")]


class Setting(NamedTuple):
    """A gateway, and what stands between it and its database."""

    gateway: GatewayProcess
    proxy: CuttingProxy | None
    disk: str


@pytest.fixture
def setting(tmp_path: Path, database_url: str | None) -> Iterator[Setting]:
    with ExitStack() as stack:
        folder = tmp_path / "data"
        disk = stack.enter_context(small_disk(folder, DISK_MB))
        proxy = CuttingProxy(database_url) if database_url else None
        if proxy is not None:
            stack.callback(proxy.close)
        gateway = GatewayProcess(folder, workers=WORKERS, database_url=proxy.url if proxy else None)
        stack.enter_context(gateway)
        # The tests themselves look past the proxy.
        gateway.database_url = database_url
        yield Setting(gateway, proxy, disk)


@pytest.fixture(scope="module")
def plan() -> Plan:
    # Budgets for many more requests than there will be, so that holds are placed to the end, and some are exhausted.
    return make_plan(SEED, 6_000, affordable=0.7)


def test_faults_at_random_points_lose_and_double_nothing(setting: Setting, plan: Plan) -> None:
    gateway, chance = setting.gateway, random.Random(SEED)
    set_up(gateway, plan)
    kinds = ON_BOTH | (ON_POSTGRES if setting.proxy else {})
    order = [kind for kind, times in kinds.items() for _ in range(times)]
    chance.shuffle(order)
    began = time.monotonic()
    with Sampler(gateway.data_dir, gateway.database_url) as sampler:
        with Load(gateway.port, plan.shots, concurrency=CONCURRENCY) as load:
            faults = Faults(gateway, chance, load.wait_for, proxy=setting.proxy)
            for kind in order:
                load.wait_for(chance.randrange(5, 60))
                getattr(faults, kind)()
            load.wait_for(100)
        journals = gateway.data_dir / "journal"
        wait_until(
            lambda: (
                len(left := {path.name for path in journals.iterdir()}) == WORKERS and left == _open_owners(gateway)
            ),
            within_s=90,
            what="recovery of every dead worker",
        )
        wait_for_quiet(gateway)
        billed = bill(gateway)
        books = settled_books(gateway, billed)
    seconds = time.monotonic() - began
    result = compare(books, billed)
    statuses = load.statuses()
    print(f"\nseed {SEED}, {setting.disk}: {sum(faults.done.values())} faults in {seconds:.0f} s: {dict(faults.done)}")
    print(
        f"{len(load.answers)} asked: {dict(sorted(statuses.items()))}; {sampler.taken} samples, {sampler.failed} failed"
    )
    print(result)

    assert sampler.broken == []
    assert sampler.taken >= 200
    assert result["booked_settled_nano"] == result["billed_settled_nano"]
    _check_answered_is_settled(load, books)
    _check_orphans(books, {entry["request_id"] for entry in billed})
    _check_leases(gateway)
    for budget in plan.budgets:
        spent = windows(gateway, plan).get(budget.name, {"spent": 0})["spent"]
        by_events = spent_by_events(gateway, budget)
        # How many tokens an orphan held is in its window alone.
        assert by_events == spent or (budget.unit == "tokens" and by_events < spent <= budget.limit), budget

    _check_exhausted_stays_exhausted(gateway, plan)
    verified = gateway.command("verify")
    assert (0, "") == (verified.returncode, verified.stderr)
    assert "the roll-ups are the sums of the books" in verified.stdout


def _open_owners(gateway: GatewayProcess) -> set[str]:
    return {row["id"] for row in gateway.rows("SELECT id FROM headgate_owner WHERE state = 'open'")}


def _check_answered_is_settled(load: Load, books: list[dict[str, Any]]) -> None:
    settled = {event["request_id"] for event in books if event["outcome"] == "ok"}
    served = {answer.request_id for answer in load.answers if answer.whole and "no_usage" not in answer.shot.knobs}
    assert len(served) > 100
    assert served - settled == set()


def _check_orphans(books: list[dict[str, Any]], seen: set[str]) -> None:
    orphans = [event for event in books if event["error"] == "orphaned"]
    assert orphans
    assert [] == [event for event in orphans if event["amount_nano"] != event["hold_nano"] or not event["estimated"]]
    assert {event["error"] for event in books if event["request_id"] not in seen} <= {"orphaned", "upstream_broken"}


def _check_leases(gateway: GatewayProcess) -> None:
    owners = gateway.rows("SELECT id, state FROM headgate_owner")
    assert WORKERS == sum(owner["state"] == "open" for owner in owners)
    closed = {owner["id"] for owner in owners if owner["state"] == "closed"}
    assert closed
    assert [] == [row for row in gateway.rows("SELECT * FROM headgate_lease") if row["owner_id"] in closed]


def _check_exhausted_stays_exhausted(gateway: GatewayProcess, plan: Plan) -> None:
    for max_tokens in (250, 100):
        drain(gateway.port, plan.budgets, "large", prompt=60, max_tokens=max_tokens)
    drain_to_the_last(gateway, plan.budgets, "small", prompt=60, max_tokens=100)
    settled_books(gateway, bill(gateway))
    before = windows(gateway, plan)
    kill_everything(gateway)
    gateway.start()
    gateway.wait_for_revision(gateway.revision())
    dry = drain(gateway.port, plan.budgets, "small", prompt=60, max_tokens=100)
    assert {budget.name for budget in plan.budgets} == dry.keys()
    assert {name: row["spent"] for name, row in before.items()} == {
        name: row["spent"] for name, row in windows(gateway, plan).items()
    }
