"""Deployments that fail, stall, break, or are gone, with a healthy one behind them: clients hardly notice, books do."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.load import Answer, Load, ask
from tests.kit.reading import Seen, read_chat, read_messages
from tests.kit.simulator import bill
from tests.kit.storm_plan import Shot, plain_key
from tests.kit.upstreams import Silence, SimulatorProcess

REQUESTS = 5_000
CONCURRENCY = 32
QUESTIONS = 40
"""So many different prompts, whole and streamed, at both doors: the same question always has the same answer."""
SHARE = 0.3
TIMEOUT_MS = 1_500
KILLS = 10

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("whole machine")]

FAULTS: dict[str, dict[str, Any]] = {
    "fails": {"error": {"status": 500, "probability": SHARE}},
    "is_overloaded": {"error": {"status": 429, "probability": SHARE, "retry_after": 1}},
    "stalls": {"stall_after": 0, "stall_ms": TIMEOUT_MS + 1_000, "fault_share": SHARE},
    "breaks": {"break_after": 0, "fault_share": SHARE},
    "tells_of_an_error": {"error_event_after": 0, "fault_share": SHARE},
}


def shot(number: int, model: str = "chaos") -> Shot:
    return Shot(
        key="chaos",
        whom={},
        model=model,
        prompt=f"Question number {number % QUESTIONS}: what is a headgate?",
        max_tokens=60,
        stream=number % 2 == 0,
        anthropic=number // 2 % 2 == 0,
    )


def set_up(gateway: GatewayProcess, **deployments: tuple[str, int, int | None]) -> None:
    """Deployments of one name by their ids: address, priority, time limit."""
    lines = [
        f"save_deployment(Deployment(id='{id_}', name='sim/chaos', provider='sim', model='small', base_url='{url}',"
        f" priority={priority}, timeout_ms={timeout_ms}))\n"
        for id_, (url, priority, timeout_ms) in deployments.items()
    ]
    gateway.control(
        "from headgate.control.deployments.models import Deployment\n"
        "from headgate.control.deployments.operations import save_deployment\n"
        "from headgate.control.keys.operations import create_key\n"
        "from headgate.control.organizations.models import Organization\n"
        f"create_key(Organization.objects.get(), 'chaos', plain={plain_key('chaos')!r})\n" + "".join(lines)
    )
    gateway.wait_for_revision(gateway.revision())


def said(answer: Answer) -> Seen:
    body = answer.body
    if answer.headers.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    read = read_messages if answer.shot.anthropic else read_chat
    return read(body, streamed=answer.shot.stream)


def unchunked(body: bytes) -> bytes:
    parts, rest = [], body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        rest = rest[length + 2 :]
        if not length:
            break
    return b"".join(parts)


def fire(port: int, shots: list[Shot]) -> list[Answer]:
    answers: list[Answer] = []
    queue = iter(shots)

    async def client() -> None:
        for each in queue:
            answers.append(await ask(port, each))

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(CONCURRENCY)))

    uvloop.run(clients())
    return answers


def check_books(gateway: GatewayProcess, bills: list[dict[str, Any]]) -> dict[str, Any]:
    """Every attempt that a provider billed is booked once: at what it billed, or at its hold, which is not less."""
    billed = {(entry["request_id"], int(entry["attempt"])): entry["billed_nano"] for entry in bills}
    assert len(billed) == len(bills), "a provider saw an attempt twice"

    def complete() -> dict[tuple[str, int], dict[str, Any]] | None:
        rows = gateway.rows("SELECT * FROM headgate_cost_event")
        found = {(row["request_id"], row["attempt"]): row for row in rows}
        assert len(found) == len(rows), "an attempt was booked twice"
        return found if billed.keys() <= found.keys() else None

    books = wait_until(complete, within_s=60, what="every billed attempt in the books")
    settled = {key: row for key, row in books.items() if not row["estimated"] and key in billed}
    assert {key: billed[key] for key in settled} == {key: row["amount_nano"] for key, row in settled.items()}
    estimated = [key for key, row in books.items() if row["estimated"] and key in billed]
    assert all(books[key]["amount_nano"] >= billed[key] for key in estimated)
    return {"attempts": len(billed), "settled": len(settled), "estimated": len(estimated)}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    environ = {
        "HEADGATE_RETRIES": "1",
        "HEADGATE_COOLDOWN_S": "1",
        "AI_MONTHLY_SPEND_LIMIT_USD": "100000",
        "AI_USER_DAILY_SPEND_LIMIT_USD": "none",
    }
    with GatewayProcess(tmp_path / "data", environ=environ) as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS)
def test_a_deployment_that_fails_now_and_then_is_covered_by_a_healthy_one(gateway: GatewayProcess, fault: str):
    with SimulatorProcess(**FAULTS[fault]) as faulty, SimulatorProcess() as healthy:
        limit = TIMEOUT_MS if fault == "stalls" else None
        set_up(gateway, faulty=(faulty.url, 1, limit), healthy=(healthy.url, 0, None))
        answers = fire(gateway.port, [shot(number) for number in range(REQUESTS)])
        # The same questions to a healthy model of the same name, last of all.
        right = {}
        for number in range(2 * QUESTIONS):
            alone = shot(number, "small")
            answer = uvloop.run(ask(gateway.port, alone))
            assert answer.whole, answer.body
            right[alone.prompt, alone.stream, alone.anthropic] = said(answer)
        result = check_books(gateway, faulty.bill() + healthy.bill() + bill(gateway))

    whole = [answer for answer in answers if answer.whole]
    wrong = [a for a in whole if said(a) != right[a.shot.prompt, a.shot.stream, a.shot.anthropic]]
    attempts = Counter(answer.headers.get("x-headgate-attempts", "1") for answer in whole)
    by = Counter(answer.headers.get("x-headgate-deployment") for answer in whole)
    print(f"\n{fault}: {len(whole)} of {len(answers)} whole, {len(wrong)} wrong; {dict(attempts)} {dict(by)} {result}")
    assert [] == wrong, "an answer is doubled, mixed, or another's"
    assert len(whole) >= REQUESTS * 0.999
    assert by["faulty"] > 0
    assert by["healthy"] > 0


def test_a_provider_that_is_silent_costs_one_timeout_per_rest_and_not_one_per_request(gateway: GatewayProcess):
    with Silence() as silent, SimulatorProcess() as healthy:
        set_up(gateway, silent=(silent.url, 1, 300), healthy=(healthy.url, 0, None))
        began = time.monotonic()
        answers: list[Answer] = []
        while time.monotonic() - began < 8:
            answers.append(uvloop.run(ask(gateway.port, shot(len(answers)))))
        lasted = time.monotonic() - began
        assert all(answer.whole for answer in answers)
        timeouts = sum(answer.headers.get("x-headgate-attempts") == "2" for answer in answers)
        rows = wait_until(
            lambda: (
                (rows := gateway.rows("SELECT * FROM headgate_cost_event WHERE error = 'upstream_timeout'"))
                and len(rows) == timeouts
                and rows
            ),
            what="every timeout in the books",
        )
    print(f"\n{len(answers)} requests in {lasted:.1f} s: {timeouts} timeouts")
    assert {"silent"} == {row["deployment_id"] for row in rows}
    # Rests of 1, 2 and 4 s lie between the timeouts.
    assert 2 <= timeouts <= 4
    assert len(answers) > 10 * timeouts


def test_a_provider_that_is_gone_is_left_alone_after_a_few_requests(gateway: GatewayProcess):
    with Silence() as gone:
        address = gone.url
    with SimulatorProcess() as healthy:
        set_up(gateway, gone=(address, 1, None), healthy=(healthy.url, 0, None))
        answers = [uvloop.run(ask(gateway.port, shot(number))) for number in range(60)]
    assert all(answer.whole for answer in answers)
    tried = Counter(answer.headers.get("x-headgate-attempts", "1") for answer in answers)
    print(f"\nattempts per request: {dict(tried)}")
    assert tried["1"] >= 50
    # A connection that was never made costs nothing and is no event.
    assert [] == gateway.rows("SELECT * FROM headgate_cost_event WHERE deployment_id = 'gone'")


def test_workers_that_are_killed_between_the_attempts_of_requests_book_each_of_them_once(tmp_path: Path):
    environ = {"HEADGATE_RETRIES": "1", "HEADGATE_COOLDOWN_S": "1", "AI_MONTHLY_SPEND_LIMIT_USD": "100000"}
    faults = {"error_event_after": 0, "fault_share": 0.5, "tokens_per_second": 400}
    with (
        GatewayProcess(tmp_path / "data", workers=2, environ=environ) as gateway,
        SimulatorProcess(**faults) as faulty,
        SimulatorProcess(tokens_per_second=400) as healthy,
    ):
        set_up(gateway, faulty=(faulty.url, 1, None), healthy=(healthy.url, 0, None))
        with Load(gateway.port, [shot(number) for number in range(400)], concurrency=16) as load:
            chance = random.Random(11)
            for _ in range(KILLS):
                load.wait_for(30)
                os.kill(chance.choice(wait_until(lambda: gateway.pids("gateway"), what="a worker")), signal.SIGKILL)
                wait_until(lambda: len(gateway.pids("gateway")) == 2, what="the worker's successor")
            load.wait_for(30)
        journals = gateway.data_dir / "journal"
        wait_until(lambda: len(list(journals.iterdir())) == 2, what="recovery of the dead workers' journals")
        result = check_books(gateway, faulty.bill() + healthy.bill())
        several = gateway.rows("SELECT COUNT(*) AS n FROM headgate_cost_event WHERE attempt > 1")[0]["n"]
        logs = gateway.rows(
            "SELECT request_id, COUNT(*) AS n FROM headgate_request_log GROUP BY request_id HAVING n > 1"
        )
    print(f"\n{KILLS} kills, {len(load.answers)} answers {dict(load.statuses())}, {several} later attempts: {result}")
    assert several > 100
    assert [] == logs
