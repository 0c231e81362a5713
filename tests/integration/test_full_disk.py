"""A disk that fills up under the journal of a gateway in service: it stops spending, and loses nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.kit.faults import can_mount, full_disk, paused, small_disk
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.load import Load, fire
from tests.kit.sampler import Sampler
from tests.kit.simulator import bill, compare, settled_books
from tests.kit.storm import set_up, wait_for_quiet
from tests.kit.storm_plan import Shot, alone, make_plan

SEED = 5
SAID = {"journal_full", "budget_store_unavailable"}
"""Nothing can be recorded; or on SQLite, whose file is on the same disk, nothing drawn."""

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("whole machine"),
    pytest.mark.external,
    pytest.mark.skipif(not can_mount(), reason="not run: needs the right to mount a small file system"),
]


@pytest.fixture
def gateway(tmp_path: Path, database_url: str | None) -> Iterator[GatewayProcess]:
    folder = tmp_path / "data"
    with small_disk(folder, 128), GatewayProcess(folder, workers=1, database_url=database_url) as running:
        yield running


def wordy(shot: Shot) -> Shot:
    """The same with records as long as they may be, so that the segments that were made ahead fill up soon."""
    return replace(shot, whom={**shot.whom, **dict.fromkeys(["app", "client", "agent", "task"], "x" * 200)})


def test_a_gateway_whose_disk_is_full_stops_spending_and_books_all_that_it_spent(gateway: GatewayProcess) -> None:
    plan = make_plan(SEED, 4_000, affordable=1)
    set_up(gateway, plan)
    shots = [wordy(shot) for shot in plan.shots]
    with Sampler(gateway.data_dir, gateway.database_url) as sampler:
        with (
            full_disk(gateway.data_dir, gateway.process),
            # Ingest stands still, for every segment that it has posted makes room for another.
            paused(gateway.pids("worker")[0]),
            Load(gateway.port, shots, concurrency=64) as load,
        ):
            wait_until(lambda: load.statuses()[503] > 200, within_s=120, what="refusals for want of room")
        plain = alone(plan.budgets[0], "small", prompt=10, max_tokens=10)
        wait_until(lambda: fire(gateway.port, [plain], concurrency=1)[0].status == 200, what="room again")
        wait_for_quiet(gateway)
        billed = bill(gateway)
        books = settled_books(gateway, billed)
    result = compare(books, billed)
    unavailable = [answer for answer in load.answers if answer.status == 503]
    print(f"\n{dict(load.statuses())}: {result}; {sampler.taken} samples, {sampler.failed} failed")

    assert {answer.error["code"] for answer in unavailable if not answer.shot.anthropic} <= SAID
    booked = {event["request_id"] for event in books}
    assert booked & {answer.request_id for answer in unavailable} == set()
    assert {answer.request_id for answer in load.answers if answer.whole} - booked == set()
    assert [] == sampler.broken
    assert result["booked_settled_nano"] == result["billed_settled_nano"]
