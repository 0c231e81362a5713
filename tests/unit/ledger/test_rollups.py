import random
from typing import Any

import pytest

from headgate.domain.outcome import Outcome
from headgate.ledger.latency import bucket_of
from headgate.ledger.postings import CostEventPosting, RequestLogPosting
from headgate.ledger.rollups import (
    ANSWERED_ESTIMATES,
    CALLED_DAY,
    COUNTS,
    EVENT_COLUMNS,
    HISTOGRAM,
    LOG_COLUMNS,
    LONGEST_LABEL,
    SPEND_DAY,
    TABLES,
    TRAFFIC_DAY,
    TRAFFIC_HOUR,
    USER_DAY,
    USER_HOUR,
    USER_LATENCY,
    RollUp,
    Table,
    failed,
    label,
    period_of_id,
    row_id,
)
from headgate.pipeline.attempt import _why_estimated
from headgate.pipeline.cut import CUT_SHORT
from headgate.translate.codec import Reading

HOUR = 490_908
"""2026-01-01 12:00 UTC."""
DAY = 20_454
WHOM = ["org", "u1", "t1", "p1", "a1", "c1", "g1", "key", "openai", "gpt", "k1", "/v1/messages"]


def event(at: float = HOUR * 3600.0, **changes: Any) -> tuple[Any, ...]:
    whole = dict(zip(EVENT_COLUMNS, [at, *WHOM, "ok", 7, False, 10, 5, 15], strict=True))
    return tuple((whole | changes).values())


def log(at: float = HOUR * 3600.0, **changes: Any) -> tuple[Any, ...]:
    whole = dict(zip(LOG_COLUMNS, [at, *WHOM, "ok", None, 120.5], strict=True))
    return tuple((whole | changes).values())


def summed(table: Table, *, events: tuple = (), logs: tuple = ()) -> list[tuple[int, tuple[Any, ...], dict[str, int]]]:
    rolled = RollUp()
    rolled.add_events(events)
    rolled.add_logs(logs)
    return [
        (row.period, row.group, {name: amount for name, amount in zip(table.sums, row.sums, strict=True) if amount})
        for row in rolled.rows()[table]
    ]


def test_columns_are_those_of_the_postings():
    assert set(EVENT_COLUMNS) <= set(CostEventPosting.__struct_fields__)
    assert set(LOG_COLUMNS) <= set(RequestLogPosting.__struct_fields__)


def test_a_request_and_its_attempts_meet_in_one_row():
    sums = {
        "requests": 1,
        "timed": 1,
        "latency_us": 120_500,
        "attempts": 2,
        "charged": 2,
        "amount_nano": 14,
        "prompt_tokens": 20,
        "completion_tokens": 10,
        "total_tokens": 30,
    }
    both = {"events": (event(), event()), "logs": (log(),)}
    assert [(DAY, tuple(WHOM), sums)] == summed(SPEND_DAY, **both)
    assert [(HOUR, ("org", "u1"), sums)] == summed(USER_HOUR, **both)
    bucket = bucket_of(120_500)
    assert [(DAY, ("org", "u1", bucket), {"requests": 1})] == summed(USER_LATENCY, **both)
    traffic = ("org", "openai", "gpt", "/v1/messages", "k1")
    assert [(HOUR, traffic, sums | {HISTOGRAM[bucket]: 1})] == summed(TRAFFIC_HOUR, **both)
    assert [(DAY, traffic, sums | {HISTOGRAM[bucket]: 1})] == summed(TRAFFIC_DAY, **both)
    assert [(DAY, traffic[1:], sums | {HISTOGRAM[bucket]: 1})] == summed(CALLED_DAY, **both)
    assert [(DAY, ("org", "u1"), sums)] == summed(USER_DAY, **both)


def test_every_count_is_told_apart():
    events = (
        event(
            outcome="estimated",
            estimated=True,
            amount_nano=None,
            prompt_tokens=None,
            completion_tokens=None,
            total_tokens=None,
        ),
        event(outcome="rejected", amount_nano=0),
    )
    logs = (log(outcome="refused"), log(outcome="fault"), log(outcome="estimated", error="orphaned", latency_ms=None))
    [(_, _, sums)] = summed(SPEND_DAY, events=events, logs=logs)
    assert {
        "requests": 3,
        "errors": 2,
        "refused": 1,
        "timed": 1,
        "latency_us": 120_500,
        "attempts": 2,
        "charged": 1,
        "estimated": 1,
        "unpriced": 1,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
    } == sums


def test_who_has_no_user_is_in_no_table_of_users_but_that_of_days():
    nobody = {"events": (event(end_user=None),), "logs": (log(end_user=None),)}
    assert ([], []) == (summed(USER_HOUR, **nobody), summed(USER_LATENCY, **nobody))
    assert 1 == len(summed(SPEND_DAY, **nobody))
    assert [("org", None)] == [group for _, group, _ in summed(USER_DAY, **nobody)]


def test_a_coarser_table_adds_up_what_its_groups_do_not_tell_apart():
    events = [event(organization_id=owner, team=team, original_model=model)
              for owner in "ab" for team in "12" for model in ("m1", "m2", "m2")]  # fmt: skip
    assert {("openai", "m1", "/v1/messages", "k1"): 28, ("openai", "m2", "/v1/messages", "k1"): 56} == {
        group: sums["amount_nano"] for _, group, sums in summed(CALLED_DAY, events=tuple(events))
    }
    assert {("a", "u1"): 6, ("b", "u1"): 6} == {
        group: sums["attempts"] for _, group, sums in summed(USER_DAY, events=tuple(events))
    }


def test_hours_and_days_begin_with_their_first_microsecond():
    moments = (HOUR * 3600.0, HOUR * 3600 + 3599.999_999, HOUR * 3600 - 0.000_001)
    periods = [row[0] for row in summed(TRAFFIC_HOUR, events=tuple(event(at) for at in moments))]
    assert [HOUR - 1, HOUR] == periods


def test_a_missing_value_is_not_an_empty_one():
    rows = summed(SPEND_DAY, events=(event(team=None), event(team="")))
    assert {None, ""} == {group[2] for _, group, _ in rows}


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_in_the_order_of_ids_that_depend_on_the_group_alone(table: Table):
    chance = random.Random(4)
    events = [
        event(HOUR * 3600.0 + chance.randrange(200_000), original_model=f"m{chance.randrange(9)}") for _ in range(99)
    ]
    logs = [log(HOUR * 3600.0 + chance.randrange(200_000), end_user=f"u{chance.randrange(9)}") for _ in range(99)]
    whole = RollUp()
    whole.add_events(events)
    whole.add_logs(logs)
    other = RollUp()
    other.add_logs(reversed(logs))
    other.add_events(reversed(events))
    ids = [row.id for row in whole.rows()[table]]
    assert sorted(ids) == ids
    assert len(set(ids)) == len(ids)
    assert whole.rows()[table] == other.rows()[table]


def test_words_do_not_run_into_each_other():
    one = RollUp()
    one.add_events([event(team="1:a", project="b"), event(team="1", project=":ab"), event(team="-", project=None)])
    assert 3 == len({row.id for row in one.rows()[SPEND_DAY]})


def test_a_long_value_keeps_its_beginning_and_stays_another_than_its_likes():
    long = "é" * LONGEST_LABEL
    assert long == label(long)
    one, other = label(long + "a"), label(long + "b")
    assert (LONGEST_LABEL, LONGEST_LABEL) == (len(one), len(other))
    assert one != other
    assert one.startswith("é" * 200)


def test_what_postgres_refuses_is_replaced_as_in_the_row_itself():
    assert "a\N{REPLACEMENT CHARACTER}b" == label("a\0b")


@pytest.mark.parametrize(
    ("expected", "outcome", "error"),
    [
        (False, Outcome.OK, None),
        (False, Outcome.REFUSED, "limit_exceeded"),
        (True, Outcome.REJECTED, "upstream_rejected"),
        (True, Outcome.UNREACHED, "upstream_unreachable"),
        (True, Outcome.FAULT, "internal_error"),
        (True, Outcome.ESTIMATED, "upstream_timeout"),
        (True, Outcome.ESTIMATED, None),
        (False, Outcome.ESTIMATED, "usage_missing"),
    ],
)
def test_a_request_failed_when_its_client_got_no_whole_answer(expected: bool, outcome: Outcome, error: str | None):
    assert expected == failed(outcome, error)


def test_reasons_of_estimates_are_those_of_the_pipeline():
    assert {_why_estimated(Reading(complete=True)), CUT_SHORT, "usage_unbelievable"} == ANSWERED_ESTIMATES


def test_tables_have_names_and_sums():
    assert len(TABLES) == len({table.name for table in TABLES})
    assert COUNTS + HISTOGRAM == TRAFFIC_DAY.sums


def test_ids_are_in_the_order_of_time_and_none_is_below_the_least_of_its_period():
    first, second = row_id(1, ("a",)), row_id(2, ("a",))
    assert row_id(1) < first < row_id(2) < second < row_id(3)
    assert [1, 2, DAY] == [period_of_id(name) for name in (first, second, row_id(DAY))]
