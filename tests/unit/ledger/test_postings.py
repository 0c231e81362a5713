from decimal import Decimal

import pytest

from headgate.domain.budget import LeaseClass
from headgate.domain.ids import DeploymentId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.verdict import Verdict
from headgate.ledger.postings import (
    WindowCharge,
    cost_event,
    orphan_charges,
    orphan_event,
    orphan_log,
    raised,
    request_log,
    window_charges,
)
from headgate.ledger.records import Charge, Held, Raised, Tried
from tests.kit.books import NOON, logged, sent, settled


def test_a_settled_attempt_is_booked_at_its_cost_with_every_dimension():
    event = cost_event(sent(), settled())
    assert "aigw_1_a:1" == event.event_id
    assert (NOON, NOON + 3) == (event.occurred_at, event.settled_at)
    assert (1_234, 9_000, False) == (event.amount_nano, event.hold_nano, event.estimated)
    assert ["u1", "t1", "p1", "a1", "c1", "g1", "k1"] == [
        getattr(event, name) for name in ("end_user", "team", "project", "app", "client", "agent", "task")
    ]
    assert {"input": 10, "cache_read": 5, "output": 7} == event.quantities
    assert (15, 7, 22) == (event.prompt_tokens, event.completion_tokens, event.total_tokens)
    assert "anthropic/claude@always#2" == event.card_id
    assert (("web_search",), Decimal("0.000001234"), "priority") == (
        event.unpriced_units,
        event.reported_cost,
        event.service_tier,
    )
    assert (200, None, "req_1") == (event.status, event.error, event.upstream_request_id)


def test_without_usage_tokens_are_absent_and_not_zero():
    event = cost_event(sent(), settled(outcome=Outcome.ESTIMATED, usage=None))
    assert (None, None, True) == (event.quantities, event.total_tokens, event.estimated)


def test_an_event_without_a_card_of_its_own_names_the_one_that_it_was_held_by():
    assert "anthropic/claude@always#1" == cost_event(sent(), settled(card_id=None)).card_id


def test_an_unpriced_event_has_no_amount():
    event = cost_event(sent(card_id=None, hold=None), settled(card_id=None, cost=None))
    assert (None, None, None) == (event.amount_nano, event.hold_nano, event.card_id)


def test_what_never_reached_the_provider_makes_no_event():
    assert cost_event(sent(), settled(outcome=Outcome.UNREACHED, usage=None, cost=None)) is None


def test_what_the_provider_rejected_makes_an_event():
    assert Outcome.REJECTED is cost_event(sent(), settled(outcome=Outcome.REJECTED, cost=0)).outcome


@pytest.mark.parametrize("other", [{"attempt": 2}, {"request_id": "aigw_2_b"}])
def test_records_of_two_attempts_do_not_settle_each_other(other: dict):
    with pytest.raises(ValueError, match="does not settle"):
        cost_event(sent(), settled(**other))


def test_an_orphan_is_booked_at_its_hold_as_an_estimate():
    event = orphan_event(sent(), NOON + 60)
    assert (9_000, True, Outcome.ESTIMATED, "orphaned") == (
        event.amount_nano,
        event.estimated,
        event.outcome,
        event.error,
    )
    assert (NOON, NOON + 60) == (event.occurred_at, event.settled_at)
    assert event.quantities is None


def test_an_orphan_has_the_id_of_its_settled_event():
    assert cost_event(sent(), settled()).event_id == orphan_event(sent(), NOON).event_id


def test_a_logged_request_keeps_its_figures():
    row = request_log(logged())
    assert (NOON - 1, 1_234, 22, 120.5, "t1") == (
        row.occurred_at,
        row.cost_nano,
        row.total_tokens,
        row.latency_ms,
        row.team,
    )


def test_a_request_that_nobody_logged_has_no_status_and_costs_its_hold():
    row = orphan_log(sent(attempt=2))
    assert (None, 9_000, 2, Outcome.ESTIMATED, None) == (
        row.status,
        row.cost_nano,
        row.attempts,
        row.outcome,
        row.latency_ms,
    )


def test_a_row_keeps_what_was_said_against_the_request_and_what_was_changed():
    verdict = Verdict(policy="Production", rule="blockedModels", effect="would_block", reason="Because.")
    row = request_log(logged(verdicts=(verdict,), degraded_to="open/small", clamped_to=64))
    expected = {"policy": "Production", "rule": "blockedModels", "effect": "would_block", "reason": "Because."}
    assert ((expected,), "open/small", 64) == (row.verdicts, row.degraded_to, row.clamped_to)


def test_a_row_says_which_way_the_request_went():
    tried = Tried(DeploymentId("d"), "openai", "gpt", Outcome.REJECTED, 503, "upstream_failed", 1.5, NanoUsd(7))
    row = request_log(logged(route="fast", arm="gpt", tries=(tried,)))
    expected = {
        "deployment_id": "d",
        "provider": "openai",
        "model": "gpt",
        "outcome": "rejected",
        "status": 503,
        "error": "upstream_failed",
        "ms": 1.5,
        "cost_nano": 7,
    }
    assert ("fast", "gpt", (expected,)) == (row.route, row.arm, row.tries)
    assert () == request_log(logged()).tries


def test_an_orphan_is_charged_to_whom_its_attempt_names():
    row = orphan_log(sent())
    assert ["u1", "t1", "p1", "a1", "c1", "g1", "k1"] == [
        getattr(row, name) for name in ("end_user", "team", "project", "app", "client", "agent", "task")
    ]
    assert ((), None, "") == (row.verdicts, row.degraded_to, row.prompt_sha256)


HELD = (Held("v", LeaseClass.NORMAL, 900), Held("w", LeaseClass.CRITICAL, 1), Held("x", LeaseClass.NORMAL, 900))


def test_a_settled_attempt_charges_the_windows_that_it_was_held_in():
    charges = (Charge(1_000, 950), Charge(1, 1), Charge(0, 0))
    assert [
        WindowCharge("aigw_1_a:1", "v", LeaseClass.NORMAL, 1_000, 950),
        WindowCharge("aigw_1_a:1", "w", LeaseClass.CRITICAL, 1, 1),
    ] == window_charges(sent(holds=HELD), settled(charges=charges))


def test_an_attempt_that_cost_nothing_charges_no_window():
    assert [] == window_charges(sent(holds=HELD), settled(outcome=Outcome.REJECTED, cost=0))


def test_an_orphan_charges_all_that_it_held():
    assert [
        WindowCharge("aigw_1_a:1", "v", LeaseClass.NORMAL, 900, 900),
        WindowCharge("aigw_1_a:1", "w", LeaseClass.CRITICAL, 1, 1),
    ] == orphan_charges(sent(holds=(*HELD[:2], Held("x", LeaseClass.NORMAL, 0))))


def test_an_attempt_that_drew_on_holds_what_it_drew_on_to():
    more = Raised(request_id="aigw_1_a", attempt=1, hold=9_900, holds=(Held("v", LeaseClass.NORMAL, 9_900),))
    after = raised(sent(holds=HELD), more)
    assert (9_900, more.holds, "anthropic") == (after.hold, after.holds, after.provider)
    assert 9_900 == orphan_event(after, 0).amount_nano
    assert [9_900] == [charge.cost for charge in orphan_charges(after)]


def test_an_event_says_what_its_provider_keeps():
    assert ("resp_1", None) == (
        cost_event(sent(), settled(kept_id="resp_1")).kept_id,
        cost_event(sent(), settled()).kept_id,
    )
