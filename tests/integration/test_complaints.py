"""What users of other gateways complain about, as far as it concerns money: each complaint is a behaviour here.

Numbers are those of our list of complaints. Those that other files test:

| complaint | test |
|---|---|
| 1. one budget across workers and nodes, as processes | `tests/integration/test_storm.py` |
| 3. a counter above what was spent, in any order of events | `tests/properties/test_money_machine.py` |
| 4. hang-ups, over real sockets | `tests/integration/test_hangups.py` |
| 5. every combination of units, tiers and surcharges | `tests/properties/test_pricing.py` |
| 6. a model without a price, and free ones | `tests/unit/pipeline/test_holding.py` |
| 7. the card in force on a date; cards are never overwritten | `tests/properties/test_pricing.py`, `tests/unit/control/pricing/test_operations.py` |
| 14. a database that blinks, as processes | `tests/integration/test_nodes.py`, `tests/integration/test_lease_stores_failing.py` |
| 16. spending that is written without deadlocks | `tests/unit/control/ledger/test_operations_beside_draws.py` |
| 17. rate limits that do not drift | `tests/properties/test_rate_limits.py`, `tests/integration/test_rate_limits_node.py` |
| 20. idempotent retries, to the last byte | `tests/unit/pipeline/test_replay.py`, `tests/integration/test_idempotency.py` |
| 20. a stream that stops when its money runs out | `tests/unit/pipeline/test_topup.py`, `tests/properties/test_paid_streams.py` |
| 20. limits in a local currency | `tests/unit/control/budgets/test_operations.py` |
| 20. what a policy would have blocked | `tests/unit/control/policies/test_preview.py` |
"""

import asyncio
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from headgate.domain.budget import Scope
from headgate.domain.errors import LimitExceeded, Unavailable
from headgate.domain.ids import OwnerId
from headgate.domain.outcome import Outcome
from headgate.domain.prices import Rate
from headgate.domain.principal import Attribution
from headgate.domain.usage import Unit
from headgate.ledger.postings import cost_event, request_log
from headgate.ledger.records import Logged, Sent, Settled
from headgate.pipeline.doors import (
    BATCH_EMBED_CONTENTS,
    CHAT,
    DOORS,
    EMBED_CONTENT,
    GENERATE_CONTENT,
    MESSAGES,
    STREAM_GENERATE_CONTENT,
    Door,
)
from headgate.pipeline.form import Form, Part
from headgate.pipeline.treasury import Treasury
from headgate.server.errors import render_error
from headgate.simulator.pictures import draw_png
from headgate.wire.multipart import PartHead
from tests.kit.budgeted import CHAT_BODY, COST, Budgeted, budget, snapshot_with
from tests.kit.fakes import (
    ENVIRON,
    ORGANIZATION,
    OWNER,
    PRINCIPAL,
    MemorySpool,
    ScriptedAnswer,
    chat_answer,
    chat_stream,
    message_stream,
    price_card,
    read_all,
)
from tests.kit.media import sound

CONTENT = {"parts": [{"text": "some text"}]}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": CHAT_BODY,
    "/v1/messages": {**CHAT_BODY, "model": "claude-sonnet-4-5"},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": "some text"},
    **{
        key: {"model": "gpt-4o", "contents": [CONTENT]} for key in (GENERATE_CONTENT.path, STREAM_GENERATE_CONTENT.path)
    },
    EMBED_CONTENT.path: {"model": "text-embedding-3-small", "content": CONTENT},
    BATCH_EMBED_CONTENTS.path: {"model": "text-embedding-3-small", "requests": [{"content": CONTENT}]},
    "/v1/responses": {"model": "gpt-4o", "input": "Hello", "max_output_tokens": 50},
    "/v1/completions": {"model": "gpt-4o", "prompt": "Hello", "max_tokens": 50},
    "/v1/moderations": {"model": "gpt-4o", "input": "Hello"},
    "/v2/chat": CHAT_BODY,
    **{path: {"model": "together/ranker", "query": "a", "documents": ["b"]} for path in ("/v1/rerank", "/v2/rerank")},
    "/v1/images/generations": {"model": "gpt-painter", "prompt": "A cat"},
    "/v1/audio/speech": {"model": "gpt-speaker", "input": "Hello", "voice": "alloy"},
    **{key: {"model": "gpt-listener"} for key in ("/v1/audio/transcriptions", "/v1/audio/translations")},
    "/v1/images/edits": {"model": "gpt-painter", "prompt": "A cat"},
}
FILES = {
    "/v1/audio/transcriptions": ("file", "a.wav", sound(2)),
    "/v1/audio/translations": ("file", "a.wav", sound(2)),
    "/v1/images/edits": ("image", "a.png", draw_png(1, 8, 8)),
}
UNIT_CARDS = tuple(
    price_card(provider, model, rates={unit: Rate(Decimal(1_000))})
    for provider, model, unit in (
        ("together", "ranker", Unit.SEARCH_UNIT),
        ("openai", "gpt-painter", Unit.IMAGE),
        ("openai", "gpt-speaker", Unit.CHARACTER),
        ("openai", "gpt-listener", Unit.AUDIO_SECOND),
    )
)
PAID_DOORS = [door for door in DOORS.values() if not door.free]


class Uploaded:
    """A form that is there when it is asked for."""

    def __init__(self, texts: dict[str, str], file: tuple[str, str, bytes]) -> None:
        name, filename, content = file
        parts = [Part(PartHead(field, None, None), MemorySpool(text.encode())) for field, text in texts.items()]
        parts.append(Part(PartHead(name, filename, "application/octet-stream"), MemorySpool(content)))
        self._form = Form(tuple(parts), "ab" * 32, texts)

    async def form(self) -> Form:
        return self._form


ANNA = {"scope": Scope.USER, "subject": "anna", "organization_id": ORGANIZATION.id}


def hold_of(body: dict[str, Any] = CHAT_BODY) -> int:
    """What a request is held at."""
    rig = Budgeted(snapshot_with())

    async def ask() -> None:
        await rig.ask(body=body)

    asyncio.run(ask())
    return rig.journal.sent.hold


HOLD = hold_of()


async def test_one_budget_is_one_budget_however_many_workers_spend_it():
    """1. Two replicas spent it twice (bifrost#3547, litellm#26672)."""
    limit = 10 * HOLD
    snapshot = snapshot_with(budget(limit))
    workers = [Budgeted(snapshot) for _ in range(4)]
    for number, worker in enumerate(workers[1:], 1):
        worker.clock, worker.store = workers[0].clock, workers[0].store
        worker.treasury = Treasury(worker.store, worker.clock, OwnerId(f"{number:032x}"), node="node", boot_id="boot")
        worker.use(treasury=worker.treasury, clock=worker.clock)
    for worker in workers:
        worker.upstream.script = [ScriptedAnswer(200, b"", stalls=True) for _ in range(5)]
    running = [
        asyncio.create_task(worker.pipeline.run(worker.request(CHAT_BODY))) for worker in workers for _ in range(5)
    ]
    while len([task for task in running if not task.done()]) > 10:
        for worker in workers:
            await worker.turn()
        workers[0].clock.advance(0.02)
    refused = [task.exception() for task in running if task.done()]
    assert [LimitExceeded] * 10 == [type(error) for error in refused]
    assert 10 == sum(len(worker.upstream.asked) for worker in workers)
    (row,) = workers[0].store.rows.values()
    assert (limit, 0) == (row.leased, row.spent)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.parametrize("door", PAID_DOORS, ids=lambda door: door.path)
async def test_no_door_leads_around_the_budget_and_nothing_leaves(door: Door):
    """2. Stopped after the call instead of before it; endpoints that were never counted (litellm#38176)."""
    snapshot = snapshot_with(budget(1))
    snapshot = msgspec.structs.replace(snapshot, cards=(*snapshot.cards, *UNIT_CARDS))
    rig = Budgeted(snapshot, environ={**ENVIRON, "TOGETHER_API_KEY": "upstream-together-credential"})
    body = BODIES[door.path]
    with pytest.raises(LimitExceeded):
        await rig.ask(door=door, body=body, incoming=Uploaded(body, FILES[door.path]) if door.form else None)
    assert [] == rig.upstream.asked
    assert [] == rig.journal.of(Sent)


async def test_what_is_refused_says_why_and_tells_sdks_not_to_repeat_it():
    """2. A client that retries by itself turns one refusal into ten."""
    rig = Budgeted(snapshot_with(budget(1)))
    with pytest.raises(LimitExceeded) as refusal:
        await rig.ask()
    rendered = render_error(refusal.value, CHAT.envelope, "aigw_1_a")
    assert (429, b"false") == (rendered.status, dict(rendered.headers)[b"x-should-retry"])
    assert "limit_exceeded" == json.loads(rendered.body)["error"]["code"]


async def test_after_any_number_of_requests_nothing_is_counted_that_was_not_spent():
    """3. A counter above real spend blocks requests that would fit (litellm#36926, #27639, #28247)."""
    rig = Budgeted(snapshot_with(budget(30 * COST + HOLD)))
    for _ in range(30):
        await rig.ask()
        rig.post()
    assert [30 * COST] == list(rig.spent.values())
    # What is left is exactly one hold: the last request is not refused.
    await rig.ask()
    rig.post()
    assert [31 * COST] == list(rig.spent.values())
    rig.clock.advance(6)
    await rig.turn()
    assert {0} == {row.leased for row in rig.store.rows.values()}


async def test_what_failed_for_free_uses_up_nothing():
    """3. Holds of failed calls that never came back."""
    rig = Budgeted(snapshot_with(budget(2 * HOLD)))
    for _ in range(20):
        await rig.ask(ScriptedAnswer(400, b'{"error": {"message": "No."}}'))
    rig.post()
    assert {0} == {row.spent for row in rig.store.rows.values()}
    await rig.ask()


STREAMS = [
    (CHAT, {**CHAT_BODY, "stream": True}, chat_stream()),
    (MESSAGES, {**BODIES["/v1/messages"], "stream": True}, message_stream()),
]


@pytest.mark.parametrize(("door", "body", "events"), STREAMS, ids=["chat", "messages"])
async def test_a_client_that_hangs_up_is_charged_what_the_provider_reports(
    door: Door, body: dict[str, Any], events: list[bytes]
):
    """4. Spend that vanishes with the client (litellm#13245, #34805; otari#256)."""
    rig = Budgeted(snapshot_with(budget(10**9)))
    reply = await rig.ask(ScriptedAnswer(200, events), door=door, body=body)
    await anext(reply.stream)
    reply.client_gone_at = rig.clock.monotonic()
    await read_all(reply)
    rig.post()
    assert (True, Outcome.OK) == (rig.journal.logged.client_gone, rig.journal.settled.outcome)
    assert [rig.journal.settled.cost] == list(rig.spent.values())
    assert COST == rig.journal.settled.cost


async def test_cached_input_costs_its_own_price_and_is_counted_once():
    """5. $1.68 instead of $0.34 (bifrost#904)."""
    rig = Budgeted(snapshot_with(budget(10**9)))
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 90}}
    await rig.ask(ScriptedAnswer(200, chat_answer(usage=usage)))
    rig.post()
    assert [10 * 1_000 + 90 * 100 + 10 * 4_000] == list(rig.spent.values())


async def test_more_than_was_held_is_booked_in_full_and_counts_against_the_next():
    """3, 5. What is over the hold is forgotten when the balance is short."""
    rig = Budgeted(snapshot_with(budget(2 * HOLD)))
    usage = {"prompt_tokens": 100, "completion_tokens": 1_000_000}
    await rig.ask(ScriptedAnswer(200, chat_answer(usage=usage)))
    rig.post()
    cost = 100 * 1_000 + 1_000_000 * 4_000
    assert [cost] == list(rig.spent.values())
    with pytest.raises(LimitExceeded):
        await rig.ask()


async def test_a_caller_cannot_charge_somebody_else():
    """13. Attribution that a caller can spoof (litellm#32779)."""
    locked = msgspec.structs.replace(PRINCIPAL, defaults=Attribution(user="anna"), locked=("user",))
    rig = Budgeted(snapshot_with(budget(HOLD, "of anna", **ANNA)), principal=locked)
    body = {**CHAT_BODY, "user": "ben", "metadata": {"user": "ben"}}
    await rig.ask(body=body, attribution=Attribution(user="ben"))
    rig.post()
    assert {"of anna.0.2026-01-01": COST} == rig.spent
    with pytest.raises(LimitExceeded):
        await rig.ask(body=body, attribution=Attribution(user="ben"))


@pytest.mark.parametrize("broken", ["keys", "store"])
async def test_while_the_database_blinks_the_answer_is_503_and_nothing_is_spent(broken: str):
    """14. 401 for keys that are valid (litellm#38121), and holds that are skipped while counters are away."""
    rig = Budgeted(snapshot_with(budget(10**9)))
    getattr(rig, broken).away = True
    with pytest.raises(Unavailable) as refusal:
        await rig.ask()
    assert 503 == refusal.value.status
    assert [] == rig.upstream.asked
    getattr(rig, broken).away = False
    await rig.ask()


async def test_the_log_the_event_and_the_budget_say_the_same():
    """18. Totals that do not agree with each other (litellm#10876, #22176)."""
    rig = Budgeted(snapshot_with(budget(10**9), budget(10**9, "of anna", **ANNA)))
    for number in range(5):
        usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
        await rig.ask(ScriptedAnswer(200, chat_answer(usage=usage)), attribution=Attribution(user="anna"))
    rig.post()
    sent = rig.journal.of(Sent)
    events = [cost_event(one, other) for one, other in zip(sent, rig.journal.of(Settled), strict=True)]
    logs = [request_log(each) for each in rig.journal.of(Logged)]
    total = 5 * COST + (1 + 2 + 3 + 4) * 1_000
    assert total == sum(event.amount_nano for event in events) == sum(log.cost_nano for log in logs)
    assert {total} == set(rig.spent.values())
    assert 2 == len(rig.spent)


async def test_a_request_that_is_repeated_with_its_key_is_paid_once():
    """20. A retry that is charged again (macprovider#762)."""
    rig = Budgeted(snapshot_with(budget(HOLD)))
    headers = {"idempotency-key": "order-1"}
    first = await rig.ask(headers=headers)
    rig.post()
    again = await rig.ask(headers=headers)
    assert (first.status, first.body) == (again.status, again.body)
    assert 1 == len(rig.upstream.asked)
    assert [COST] == list(rig.spent.values())
    assert OWNER in rig.store.owners
