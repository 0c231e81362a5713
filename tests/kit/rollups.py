"""Postings at random, and roll-ups as they stand, for tests of what is summed up."""

import random
from typing import Any

from headgate.domain.ids import OwnerId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.domain.usage import usage_of
from headgate.ledger.postings import CostEventPosting, OwnerPosting, RequestLogPosting, cost_event, request_log
from headgate.ledger.rollups import TABLES, Table
from tests.kit.books import NOON, logged, sent, settled

DAY_S = 86_400
ORGANIZATIONS = ("a" * 32, "b" * 32)


def random_request(chance: random.Random, number: int) -> tuple[list[CostEventPosting], RequestLogPosting]:
    """A request of up to three attempts at any time within four days, by anybody."""
    request_id = RequestId(f"aigw_{number}")
    whom: dict[str, Any] = {
        "request_id": request_id,
        "organization_id": chance.choice(ORGANIZATIONS),
        "key_id": chance.choice("12") * 32,
        "attribution": Attribution(
            user=chance.choice([None, "u1", "u2", "u" * 300]), team=chance.choice([None, "", "t\0"]), task="k"
        ),
        "endpoint": chance.choice(["/v1/messages", "/v1/chat/completions"]),
        "original_model": chance.choice(["m1", "m2"]),
        "provider": chance.choice(["openai", "anthropic"]),
    }
    arrived = NOON + chance.uniform(0, 4 * DAY_S)
    events = []
    for attempt in range(1, chance.randrange(1, 4)):
        outcome = chance.choice([Outcome.OK, Outcome.ESTIMATED, Outcome.REJECTED])
        end = settled(
            request_id=request_id,
            attempt=attempt,
            outcome=outcome,
            cost=chance.choice([None, NanoUsd(chance.randrange(10**9))]),
            usage=chance.choice([None, usage_of(input=chance.randrange(99), output=chance.randrange(99))]),
        )
        made = cost_event(sent(**whom, attempt=attempt, at=arrived + chance.uniform(0, 7_000)), end)
        assert made is not None
        events.append(made)
    ended = {"outcome": chance.choice(list(Outcome)), "error": chance.choice([None, "usage_missing", "orphaned"])}
    latency = round(chance.expovariate(1 / 3_000), 3)
    return events, request_log(logged(**whom, **ended, at=arrived, latency_ms=latency))


def posting_of(
    requests: list[tuple[list[CostEventPosting], RequestLogPosting]], owner: OwnerId, begin: int, end: int
) -> OwnerPosting:
    """One posting of all of them."""
    return OwnerPosting(
        owner_id=owner,
        posted_from=begin,
        posted_to=end,
        low_watermark=begin,
        events=tuple(event for events, _ in requests for event in events),
        logs=tuple(log for _, log in requests),
    )


def rolled_up() -> dict[str, dict[Any, tuple[Any, ...]]]:
    """Every row of every roll-up: table -> id -> groups and sums."""
    from headgate.control.rollups import models

    kinds = {kind._meta.db_table: kind for kind in vars(models).values() if hasattr(kind, "_meta")}
    found: dict[str, dict[Any, tuple[Any, ...]]] = {}
    for table in TABLES:
        rows = kinds[f"headgate_rollup_{table.name}"].objects.values_list(
            "pk", _period(table), *table.groups, *table.sums
        )
        found[table.name] = {row[0]: row[1:] for row in rows}
    return found


def _period(table: Table) -> str:
    return "day" if table.daily else "hour"
