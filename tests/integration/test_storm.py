"""Ten thousand requests against fifty budgets that can afford half of them: nothing is overdrawn, nothing is left over."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.load import fire
from tests.kit.sampler import Sampler
from tests.kit.simulator import bill, compare, settled_books
from tests.kit.storm import (
    check_answers,
    check_refusals,
    drain,
    drain_to_the_last,
    operations,
    set_up,
    spent_by_events,
    utilisation,
    wait_for_quiet,
    windows,
)
from tests.kit.storm_plan import Plan, make_plan

SEED = 20
REQUESTS = 10_000
CONCURRENCY = 200

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("whole machine")]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(SEED, REQUESTS)


@pytest.fixture(params=[1, 2, 4], ids=["one_worker", "two_workers", "four_workers"])
def gateway(request: pytest.FixtureRequest, tmp_path: Path, database_url: str | None) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "data", workers=request.param, database_url=database_url) as running:
        yield running


def test_a_storm_overdraws_no_budget_and_leaves_none_unspent(gateway: GatewayProcess, plan: Plan) -> None:
    set_up(gateway, plan)
    began = time.monotonic()
    with Sampler(gateway.data_dir, gateway.database_url) as sampler:
        answers = fire(gateway.port, plan.shots, concurrency=CONCURRENCY)
        seconds = time.monotonic() - began
        ended = check_answers(answers)
        wait_for_quiet(gateway)
        drawn, after_storm = operations(gateway), windows(gateway, plan)
        refusals = check_refusals(gateway)
        print(f"\nseed {SEED}: {REQUESTS} requests in {seconds:.0f} s: {dict(ended)}, refused {refusals}")

        # More of the same, until every budget refuses with nothing else in flight.
        drain(gateway.port, plan.budgets, "large", prompt=60, max_tokens=100)
        dry = drain(gateway.port, plan.budgets, "small", prompt=60, max_tokens=100)
        settled_books(gateway, bill(gateway))
        shares = utilisation({name: row["spent"] for name, row in windows(gateway, plan).items()}, dry)
        # And smaller and smaller, until not even the smallest fits.
        for max_tokens in (100, 16):
            drain(gateway.port, plan.budgets, "echo", prompt=1, max_tokens=max_tokens)
        last = drain_to_the_last(gateway, plan.budgets, "echo", prompt=1, max_tokens=1)
        billed = bill(gateway)
        books = settled_books(gateway, billed)

    result = compare(books, billed)
    served = sum(event["outcome"] in {"ok", "estimated"} for event in books)
    print(f"{drawn / max(ended['served'], 1):.2%} draws and returns per served request; {sampler.taken} samples")
    print(f"{served} booked, {result}")
    for kind, parts in sorted(shares.items()):
        print(f"worth {kind}: {len(parts)} budgets, spent {min(parts):.2%} to {max(parts):.2%}")

    assert sampler.broken == []
    assert sampler.failed == 0
    assert sampler.taken >= 200
    assert result["booked_settled_nano"] == result["billed_settled_nano"]
    assert {budget.name for budget in plan.budgets} == last.keys() == after_storm.keys()
    final = windows(gateway, plan)
    # Of the smallest request, when it was looked at closely.
    tight = min(event["hold_nano"] for event in books)
    for budget in plan.budgets:
        spent = final[budget.name]["spent"]
        assert spent_by_events(gateway, budget) == spent, budget
        # No phantom block: what was refused last did not fit.
        assert (tight if budget.unit == "money" else last[budget.name].said.need) > budget.limit - spent, budget
    assert min(shares["33 holds or more"]) >= 0.97
    assert min(shares.get("10 holds or more", [1])) >= 0.9
