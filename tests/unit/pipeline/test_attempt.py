import msgspec
import pytest

from headgate.domain.ids import DeploymentId
from headgate.domain.outcome import Outcome
from headgate.domain.usage import usage_of
from headgate.ledger.records import Settled
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.hold import NO_HOLD
from headgate.pipeline.tariff import FREE_ENDPOINT, Tariff
from headgate.pricing.book import PriceBook
from headgate.pricing.compiled import compile_card
from headgate.providers.table import PROVIDERS
from headgate.routing.target import Target
from headgate.translate.codec import Reading
from tests.kit.books import sent
from tests.kit.fakes import (
    CARDS,
    FakeClock,
    MemoryJournal,
    MemoryKept,
    Rig,
    ScriptedAnswer,
    ScriptedUpstream,
    timed_out,
    unreachable,
)

CARD = compile_card(CARDS[0])
HOLD = 9_000_000
TARGET = Target(
    deployment_id=DeploymentId("d"), provider=PROVIDERS["openai"], base_url="http://u", credential="k", model="gpt-4o"
)
WHOLE = Reading(usage=usage_of(input=100, output=10), response_model="gpt-4o", complete=True)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


def attempt(journal: MemoryJournal, tariff: Tariff | None = None) -> Attempt:
    priced = tariff or Tariff(card=CARD, hold=HOLD)
    begun = sent(hold=priced.hold, card_id=priced.card_id, request_model="gpt-4o", stream=False)
    treasury = Rig().treasury
    return Attempt(
        begun,
        TARGET,
        priced,
        NO_HOLD,
        prices=PriceBook(CARDS),
        journal=journal,
        treasury=treasury,
        clock=FakeClock(),
        kept=MemoryKept(),
    )


def settled(
    journal: MemoryJournal, reading: Reading, *, error: str | None = None, tariff: Tariff | None = None
) -> Settled:
    one = attempt(journal, tariff)
    one.settle_answer(reading, error=error)
    return one.settled


def reading(**changes: object) -> Reading:
    return msgspec.structs.replace(WHOLE, **changes)


def test_a_whole_answer_costs_its_usage(journal: MemoryJournal):
    done = settled(journal, WHOLE)
    assert (Outcome.OK, 140_000, "openai/gpt-4o@always#1") == (done.outcome, done.cost, done.card_id)


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"usage": None}, None, "usage_missing"),
        ({"complete": False}, None, "stream_incomplete"),
        ({"error": "overloaded"}, None, "error_in_stream"),
        ({}, "abandoned", "abandoned"),
        ({"usage": None, "error": "overloaded"}, None, "error_in_stream"),
    ],
)
def test_anything_less_is_booked_at_the_hold_with_its_reason(journal: MemoryJournal, changes: dict, error, why: str):
    done = settled(journal, reading(**changes), error=error)
    assert (Outcome.ESTIMATED, HOLD, why) == (done.outcome, done.cost, done.error)
    assert reading(**changes).usage == done.usage


def test_the_first_settlement_counts(journal: MemoryJournal):
    one = attempt(journal)
    one.settle_answer(WHOLE)
    first = one.settled
    one.settle(Outcome.ESTIMATED)
    one.settle_rejection(readable=True)
    assert one.settled is first


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503, 529])
def test_a_readable_rejection_costs_nothing(journal: MemoryJournal, status: int):
    one = attempt(journal)
    one.status = status
    assert one.settle_rejection(readable=True)
    assert (Outcome.REJECTED, 0, f"status_{status}") == (one.settled.outcome, one.settled.cost, one.settled.error)


@pytest.mark.parametrize(("status", "readable"), [(408, True), (499, True), (502, True), (504, True), (400, False)])
def test_an_error_that_an_intermediary_may_have_given_is_booked_at_the_hold(
    journal: MemoryJournal, status: int, readable: bool
):
    one = attempt(journal)
    one.status = status
    assert not one.settle_rejection(readable=readable)
    assert (Outcome.ESTIMATED, HOLD) == (one.settled.outcome, one.settled.cost)


def test_a_free_endpoint_names_itself_and_costs_nothing_however_it_ends(journal: MemoryJournal):
    free = Tariff(card=None, hold=0, free=True)
    for outcome in (reading(usage=None), reading(usage=None, complete=False), WHOLE):
        done = settled(journal, outcome, tariff=free)
        assert (FREE_ENDPOINT, 0) == (done.card_id, done.cost)


@pytest.mark.parametrize("told", [reading(response_model="unheard"), reading(response_model="unheard", usage=None)])
def test_without_any_card_there_is_no_amount(journal: MemoryJournal, told: Reading):
    done = settled(journal, told, tariff=Tariff(card=None, hold=None))
    assert (None, None) == (done.cost, done.card_id)


def test_a_model_that_answers_with_a_card_prices_what_was_unpriced(journal: MemoryJournal):
    done = settled(journal, WHOLE, tariff=Tariff(card=None, hold=None))
    assert 140_000 == settled(journal, reading(response_model="gpt-4o"), tariff=Tariff(card=CARD, hold=HOLD)).cost
    assert done.cost is None
    answered = settled(journal, reading(response_model="gpt-4o-2024-11-20"), tariff=Tariff(card=None, hold=None))
    assert 280_000 == answered.cost


def test_a_free_card_prices_only_its_own_model(journal: MemoryJournal):
    free = Tariff(card=compile_card(msgspec.structs.replace(CARDS[0], free=True, rates={})), hold=0)
    assert 0 == settled(journal, WHOLE, tariff=free).cost
    assert settled(journal, reading(response_model="unheard"), tariff=free).cost is None
    assert 280_000 == settled(journal, reading(response_model="gpt-4o-2024-11-20"), tariff=free).cost


async def test_the_record_comes_before_the_bytes(journal: MemoryJournal):
    upstream = ScriptedUpstream(journal)
    upstream.script = [ScriptedAnswer(200, b"{}", headers={"request-id": "req_1"})]
    one = attempt(journal)
    await one.send(upstream, "http://u/x", {}, b"{}", stream=False)
    assert (1, True, 200, "req_1") == (upstream.asked[0].recorded, one.opened, one.status, one.upstream_request_id)


@pytest.mark.parametrize(
    ("failure", "outcome", "cost"), [(unreachable, Outcome.UNREACHED, 0), (timed_out, Outcome.ESTIMATED, HOLD)]
)
async def test_a_call_without_an_answer_is_settled_at_once(journal: MemoryJournal, failure, outcome, cost: int):
    upstream = ScriptedUpstream(journal)
    upstream.script = [failure()]
    one = attempt(journal)
    with pytest.raises(type(failure())):
        await one.send(upstream, "http://u/x", {}, b"{}", stream=False)
    assert (outcome, cost) == (one.settled.outcome, one.settled.cost)


async def test_a_body_that_does_not_arrive_is_settled_at_the_hold(journal: MemoryJournal):
    one = attempt(journal)
    with pytest.raises(type(timed_out())):
        await one.read(ScriptedAnswer(200, b"{", error=timed_out()))
    assert (Outcome.ESTIMATED, HOLD, "upstream_timeout") == (one.settled.outcome, one.settled.cost, one.settled.error)


def test_usage_that_the_card_has_no_rate_for_at_all_is_no_price(journal: MemoryJournal):
    spoken = settled(journal, reading(usage=usage_of(character=40)))
    assert (Outcome.ESTIMATED, HOLD, "usage_unpriced") == (spoken.outcome, spoken.cost, spoken.error)
    assert usage_of(character=40) == spoken.usage
    mixed = settled(journal, reading(usage=usage_of(input=100, character=40)))
    assert (Outcome.OK, 100_000, ("character",)) == (mixed.outcome, mixed.cost, mixed.unpriced_units)


@pytest.mark.parametrize(("free", "outcome", "cost"), [(True, Outcome.OK, 0), (False, Outcome.ESTIMATED, HOLD)])
def test_what_is_never_counted_costs_nothing_where_it_is_free_and_the_hold_elsewhere(
    journal: MemoryJournal, free: bool, outcome: Outcome, cost: int
):
    card = msgspec.structs.replace(CARD, free=free)
    done = settled(journal, reading(usage=None, countless=True), tariff=Tariff(card=card, hold=HOLD))
    assert (outcome, cost, card.card_id) == (done.outcome, done.cost, done.card_id)


def test_a_free_model_that_should_have_counted_is_estimated(journal: MemoryJournal):
    card = msgspec.structs.replace(CARD, free=True)
    done = settled(journal, reading(usage=None), tariff=Tariff(card=card, hold=0))
    assert (Outcome.ESTIMATED, 0) == (done.outcome, done.cost)
