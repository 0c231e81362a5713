"""What is tried when something fails, and that every try is recorded, held and settled like any other attempt."""

import asyncio
import json

import msgspec
import pytest

from headgate.domain.errors import (
    LimitExceeded,
    UpstreamBroken,
    UpstreamRejected,
    UpstreamResting,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from headgate.domain.ids import DeploymentId
from headgate.domain.outcome import Outcome
from headgate.ledger.records import Logged, Sent, Settled
from headgate.pipeline.doors import MESSAGES
from headgate.snapshot.contract import Arm, Deployment, RouteRule, Strategy
from tests.kit.budgeted import Budgeted, budget, snapshot_with
from tests.kit.fakes import (
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    event,
    message_stream,
    read_all,
    snapshot_of,
    timed_out,
    unreachable,
)

COST = 100 * 1_000 + 10 * 4_000
BODY = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
BUSY = b'{"error":{"message":"Slow down.","type":"rate_limit"}}'


def deployment(id_: str, *, priority: int = 0, provider: str = "openai", **changes: object) -> Deployment:
    model = "gpt-4o" if provider == "openai" else "claude-sonnet-4-5"
    fields = {"id": DeploymentId(id_), "organization_id": None, "name": "fast", "provider": provider, "model": model}
    return Deployment(**(fields | {"priority": priority} | changes))


FIRST, SECOND = deployment("first", priority=1), deployment("second")
OTHER_FORMAT = deployment("second", provider="anthropic")


def rig(*deployments: Deployment, retries: int = 0, **changes: object) -> Rig:
    return Rig(snapshot_of(*(deployments or (FIRST, SECOND))), retries=retries, **changes)


def ok(**headers: str) -> ScriptedAnswer:
    return ScriptedAnswer(200, chat_answer(), headers=headers)


def tried(rig: Rig) -> list[tuple[str, Outcome, str | None]]:
    return [(each.deployment_id, each.outcome, each.error) for each in rig.journal.logged.tries]


def check_books(rig: Rig, attempts: int) -> None:
    """One settlement per attempt that was sent, one log row, and nothing is held any more."""
    sent = [(each.request_id, each.attempt) for each in rig.journal.of(Sent)]
    settled = [(each.request_id, each.attempt) for each in rig.journal.of(Settled)]
    assert attempts == len(sent)
    assert sorted(sent) == sorted(settled)
    assert [attempts] == [each.attempts for each in rig.journal.of(Logged)]
    assert 0 == rig.journal.reserved


@pytest.mark.parametrize(
    "failure",
    [
        ScriptedAnswer(500, b'{"error":{"message":"Oh."}}'),
        ScriptedAnswer(429, BUSY),
        ScriptedAnswer(401, b'{"error":{"message":"Key."}}'),
        ScriptedAnswer(404, b'{"error":{"message":"Model."}}'),
        ScriptedAnswer(302, b""),
        unreachable(),
        timed_out(),
        broke_off(),
    ],
    ids=["500", "429", "401", "404", "302", "unreachable", "timeout", "broken"],
)
async def test_what_fails_at_one_deployment_is_answered_by_the_next(failure):
    fallen = rig()
    reply = await fallen.run(failure, ok(), body=BODY)
    assert (200, chat_answer(), b"2") == (reply.status, reply.body, dict(reply.headers)[b"x-headgate-attempts"])
    assert b"second" == dict(reply.headers)[b"x-headgate-deployment"]
    assert ["first", "second"] == [sent.deployment_id for sent in fallen.journal.of(Sent)]
    assert ["first", "second"] == [deployment for deployment, _, _ in tried(fallen)]
    check_books(fallen, 2)


@pytest.mark.parametrize("status", [400, 409, 413, 422])
async def test_what_the_request_did_wrong_is_not_tried_elsewhere(status: int):
    fallen = rig()
    body = b'{"error":{"message":"No."}}'
    reply = await fallen.run(ScriptedAnswer(status, body), body=BODY)
    assert (status, body) == (reply.status, reply.body)
    check_books(fallen, 1)


async def test_the_first_failure_is_on_record_and_its_hold_free_before_the_second_attempt_is_held():
    fallen = rig()
    await fallen.run(ScriptedAnswer(500, b"{}"), ok(), body=BODY)
    assert ["Sent", "Settled", "Sent", "Settled", "Logged"] == [type(each).__name__ for each in fallen.journal.records]


async def test_each_attempt_is_translated_for_its_own_provider():
    fallen = rig(FIRST, OTHER_FORMAT)
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 100, "output_tokens": 10},
    }  # fmt: skip
    reply = await fallen.run(unreachable(), ScriptedAnswer(200, json.dumps(message).encode()), body=BODY)
    assert "Hi" == json.loads(reply.body)["choices"][0]["message"]["content"]
    assert ["/v1/chat/completions", "/v1/messages"] == [asked.url[-len(path) :] for asked, path in zip(
        fallen.upstream.asked, ("/v1/chat/completions", "/v1/messages"), strict=True)]  # fmt: skip
    assert [Outcome.UNREACHED, Outcome.OK] == [settled.outcome for settled in fallen.journal.of(Settled)]


async def test_what_an_earlier_attempt_may_have_cost_is_booked_and_told():
    fallen = rig()
    reply = await fallen.run(timed_out(), ok(), body=BODY)
    first, second = fallen.journal.of(Settled)
    hold = fallen.journal.of(Sent)[0].hold
    assert (Outcome.ESTIMATED, hold, Outcome.OK, COST) == (first.outcome, first.cost, second.outcome, second.cost)
    assert hold + COST == fallen.journal.logged.cost
    assert f"{(hold + COST) / 1e9:.9f}".encode() == dict(reply.headers)[b"x-headgate-cost-usd"]


async def test_when_nothing_answers_the_last_failure_is_the_answer():
    fallen = rig()
    reply = await fallen.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(429, BUSY), body=BODY)
    assert (429, BUSY) == (reply.status, reply.body)
    assert (Outcome.REJECTED, 429, 2) == (
        fallen.journal.logged.outcome,
        fallen.journal.logged.status,
        fallen.journal.logged.attempts,
    )
    check_books(fallen, 2)


async def test_the_same_deployment_is_asked_again_after_a_wait():
    again = rig(FIRST, retries=2)
    reply = await again.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(503, b"{}"), ok(), body=BODY)
    assert 200 == reply.status
    assert [0.125, 0.25] == again.slept
    assert ["1", "2", "3"] == [asked.headers["x-headgate-attempt"] for asked in again.upstream.asked]
    check_books(again, 3)


async def test_what_the_provider_asks_for_is_waited_for():
    again = rig(FIRST, retries=1)
    await again.run(ScriptedAnswer(429, BUSY, headers={"retry-after": "2"}), ok(), body=BODY)
    assert [2.1] == again.slept


@pytest.mark.parametrize("wait", [{"retry-after": "60"}, {"retry-after-ms": "60000"}])
async def test_a_provider_that_wants_a_long_rest_is_not_asked_again(wait: dict[str, str]):
    again = rig(FIRST, retries=1)
    reply = await again.run(ScriptedAnswer(429, BUSY, headers=wait), body=BODY)
    assert 429 == reply.status
    assert wait.items() <= {name.decode(): value.decode() for name, value in reply.headers}.items()
    assert [] == again.slept


async def test_where_there_is_another_deployment_a_long_wait_is_not_worth_it():
    again = rig(retries=3)
    await again.run(ScriptedAnswer(429, BUSY, headers={"retry-after": "3"}), ok(), body=BODY)
    assert [] == again.slept
    assert ["first", "second"] == [sent.deployment_id for sent in again.journal.of(Sent)]


async def test_a_provider_that_says_that_asking_again_is_no_use_is_not_asked_again():
    again = rig(FIRST, retries=3)
    await again.run(ScriptedAnswer(500, b"{}", headers={"x-should-retry": "false"}), body=BODY)
    check_books(again, 1)


async def test_what_was_asked_again_already_is_not_for_sdks_to_repeat():
    told = {b"x-should-retry": b"false"}
    again = rig(FIRST, retries=1)
    reply = await again.run(
        ScriptedAnswer(500, b"{}"), ScriptedAnswer(500, b"{}", headers={"x-should-retry": "true"}), body=BODY
    )
    assert told.items() <= dict(reply.headers).items()
    reply = await rig().run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(500, b"{}"), body=BODY)
    assert told.items() <= dict(reply.headers).items()
    with pytest.raises(UpstreamUnreachable) as gone:
        await rig().run(unreachable(), unreachable(), body=BODY)
    assert not gone.value.should_retry


async def test_what_was_asked_once_sdks_may_repeat():
    reply = await rig(FIRST).run(ScriptedAnswer(500, b"{}"), body=BODY)
    assert b"x-should-retry" not in dict(reply.headers)
    with pytest.raises(UpstreamUnreachable) as gone:
        await rig(FIRST).run(unreachable(), body=BODY)
    assert gone.value.should_retry


async def test_retries_stop_when_their_budget_is_used_up():
    again = rig(FIRST, retries=1)
    for _ in range(40):
        # Not so many in a row that it rests.
        script = [ScriptedAnswer(500, b"{}"), ok(), ok()]
        again.upstream.script = script
        await again.pipeline.run(again.request(BODY))
        if len(script) == 2:
            break
        await again.pipeline.run(again.request(BODY))
        again.clock.time -= sum(again.slept)
        again.slept.clear()
    retried = len([sent for sent in again.journal.of(Sent) if sent.attempt > 1])
    assert 10 <= retried < 40


@pytest.mark.parametrize(
    "before_content",
    [
        [event({"error": {"message": "overloaded"}})],
        chat_stream()[:1],
        [],
    ],
    ids=["an error event", "it ends after the role", "nothing at all"],
)
async def test_a_stream_that_fails_before_its_first_content_is_answered_by_the_next(before_content: list[bytes]):
    fallen = rig()
    reply = await fallen.run(ScriptedAnswer(200, before_content), ScriptedAnswer(200, chat_stream()), body=STREAM)
    assert b"second" == dict(reply.headers)[b"x-headgate-deployment"]
    # Nothing of the first one reached the client.
    assert b"".join(chat_stream()) == await read_all(reply)
    check_books(fallen, 2)
    assert [Outcome.ESTIMATED, Outcome.OK] == [settled.outcome for settled in fallen.journal.of(Settled)]


async def test_a_stream_that_breaks_before_its_first_content_is_closed_and_answered_by_the_next():
    fallen = rig()
    broken = ScriptedAnswer(200, chat_stream()[:1], error=broke_off())
    reply = await fallen.run(broken, ScriptedAnswer(200, chat_stream()), body=STREAM)
    assert b"".join(chat_stream()) == await read_all(reply)
    assert 1 == broken.closed
    check_books(fallen, 2)


async def test_a_stream_that_breaks_after_its_first_content_is_the_clients():
    fallen = rig()
    reply = await fallen.run(ScriptedAnswer(200, chat_stream()[:2], error=broke_off()), body=STREAM)
    given = await read_all(reply)
    assert given.startswith(b"".join(chat_stream()[:2]))
    assert b"upstream_broken" in given
    check_books(fallen, 1)


async def test_a_stream_may_fall_back_to_another_format():
    fallen = rig(FIRST, OTHER_FORMAT)
    reply = await fallen.run(unreachable(), ScriptedAnswer(200, message_stream()), body=STREAM)
    given = await read_all(reply)
    assert "ünd" in given.decode()
    assert given.endswith(b"data: [DONE]\n\n")
    check_books(fallen, 2)


async def test_the_last_deployment_is_not_looked_into():
    only = rig(FIRST)
    reply = await only.run(ScriptedAnswer(200, [event({"error": {"message": "overloaded"}})]), body=STREAM)
    assert b"overloaded" in await read_all(reply)
    check_books(only, 1)


async def test_a_deployment_that_did_not_answer_is_left_alone_for_a_while():
    fallen = rig()
    await fallen.run(timed_out(), ok(), body=BODY)
    for _ in range(3):
        await fallen.run(ok(), body=BODY)
    assert ["first", "second", "second", "second", "second"] == [s.deployment_id for s in fallen.journal.of(Sent)]
    fallen.clock.advance(15)
    await fallen.run(ok(), body=BODY)
    assert "first" == fallen.journal.of(Sent)[-1].deployment_id


async def test_while_one_request_tries_it_out_the_others_go_elsewhere():
    fallen = rig()
    await fallen.run(timed_out(), ok(), body=BODY)
    fallen.clock.advance(15)
    trying = ScriptedAnswer(200, b"", stalls=True)
    fallen.upstream.script = [trying, ok()]
    first = asyncio.ensure_future(fallen.pipeline.run(fallen.request(BODY)))
    await trying.stalled.wait()
    await fallen.pipeline.run(fallen.request(BODY))
    assert ["first", "second"] == [sent.deployment_id for sent in fallen.journal.of(Sent)[-2:]]
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_where_all_rest_nothing_is_sent_and_the_client_learns_for_how_long():
    alone = rig(FIRST)
    with pytest.raises(UpstreamTimeout):
        await alone.run(timed_out(), body=BODY)
    with pytest.raises(UpstreamResting) as resting:
        await alone.run(body=BODY)
    assert (503, 15, True) == (resting.value.status, resting.value.retry_after_s, resting.value.unbilled)
    last = alone.journal.of(Logged)[-1]
    assert (Outcome.UNREACHED, 503, 0) == (last.outcome, last.status, last.attempts)
    assert 1 == len(alone.journal.of(Sent))


async def test_an_overtaken_deployment_that_is_busy_is_still_asked_where_there_is_no_other():
    alone = rig(FIRST)
    await alone.run(ScriptedAnswer(429, BUSY, headers={"retry-after": "60"}), body=BODY)
    assert 200 == (await alone.run(ok(), body=BODY)).status


def budgeted(limit: int) -> Budgeted:
    return Budgeted(snapshot_with(budget(limit), deployments=(FIRST, SECOND)))


async def hold_of_one() -> int:
    probe = budgeted(10**9)
    await probe.ask(body=BODY)
    return probe.journal.of(Sent)[0].hold


async def test_a_failed_attempt_gives_its_hold_to_the_next():
    # Room for one hold, not for two.
    tight = budgeted(await hold_of_one())
    reply = await tight.ask(ScriptedAnswer(500, b"{}"), ok(), body=BODY)
    assert 200 == reply.status
    check_books(tight, 2)


async def test_where_there_is_no_room_for_another_attempt_the_client_learns_why_the_first_failed():
    tight = budgeted(await hold_of_one())
    # A timeout may have been billed: its hold is booked, and nothing is left.
    with pytest.raises(UpstreamTimeout):
        await tight.ask(timed_out(), body=BODY)
    check_books(tight, 1)
    with pytest.raises(LimitExceeded):
        await tight.ask(body=BODY)


async def test_a_deployment_without_a_price_is_passed_over():
    unpriced = deployment("first", priority=1, model="nobody-knows")
    reply = await rig(unpriced, SECOND).run(ok(), body=BODY)
    assert b"second" == dict(reply.headers)[b"x-headgate-deployment"]


async def test_a_rejection_in_another_format_is_raised_after_the_last_attempt():
    fallen = rig()
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}
    with pytest.raises(UpstreamRejected):
        await fallen.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(429, BUSY), door=MESSAGES, body=body)
    check_books(fallen, 2)


@pytest.mark.parametrize("error", [UpstreamUnreachable, UpstreamBroken])
async def test_errors_without_a_body_are_raised(error: type[Exception]):
    fallen = rig()
    failure = unreachable if error is UpstreamUnreachable else broke_off
    with pytest.raises(error):
        await fallen.run(failure(), failure(), body=BODY)
    check_books(fallen, 2)


async def test_an_answer_names_the_route_and_its_arm():
    arms = (Arm(name="left", model="fast"), Arm(name="right", model="fast"))
    rule = RouteRule(id="r", organization_id=None, name="quick", strategy=Strategy.PRIORITY, arms=arms)
    routed = Rig(msgspec.structs.replace(snapshot_of(FIRST), routes=(rule,)))
    headers = dict((await routed.run(ok(), body={**BODY, "model": "quick"})).headers)
    assert (b"quick", b"left") == (headers[b"x-headgate-route"], headers[b"x-headgate-arm"])
    assert ("quick", "left") == (routed.journal.logged.route, routed.journal.logged.arm)
