"""Whatever happens, what leaves was recorded before, and what was recorded is settled and logged exactly once."""

import asyncio
import hashlib
import json
from decimal import Decimal

import msgspec
import pytest

from headgate.domain.errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    NotAuthenticated,
    NotFound,
    Unavailable,
    Unpriced,
    UpstreamBroken,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from headgate.domain.ids import DeploymentId
from headgate.domain.outcome import Outcome
from headgate.domain.prices import Rate
from headgate.domain.principal import Attribution
from headgate.domain.usage import Unit
from headgate.ledger.records import Logged, Sent, Settled
from headgate.pipeline.doors import COUNT_TOKENS, EMBEDDINGS, MESSAGES
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import (
    ORGANIZATION,
    PRINCIPAL,
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    message_stream,
    price_card,
    read_all,
    snapshot_of,
    timed_out,
    unreachable,
)

CHAT_BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM_BODY = {**CHAT_BODY, "stream": True, "stream_options": {"include_usage": True}}
COST = 100 * 1_000 + 10 * 4_000


def kinds(rig: Rig) -> list[str]:
    return [type(record).__name__ for record in rig.journal.records]


def assert_one_of_each(rig: Rig) -> None:
    assert ["Sent", "Settled", "Logged"] == kinds(rig)
    assert 0 == rig.journal.reserved


async def refusal_of(rig: Rig, error: type[GatewayError], *script, **request):
    with pytest.raises(error) as refusal:
        await rig.run(*script, **request)
    return refusal.value


async def test_a_whole_answer_is_passed_settled_and_logged():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_answer(), headers={"x-request-id": "up-1"}), body=CHAT_BODY)
    assert (200, chat_answer()) == (reply.status, reply.body)
    headers = dict(reply.headers)
    assert b"0.000140000" == headers[b"x-headgate-cost-usd"]
    assert (b"up-1", b"env:openai") == (headers[b"x-headgate-upstream-request-id"], headers[b"x-headgate-deployment"])
    assert_one_of_each(rig)
    settled, logged = rig.journal.settled, rig.journal.logged
    assert (Outcome.OK, COST, None, 200, "up-1") == (
        settled.outcome,
        settled.cost,
        settled.error,
        settled.status,
        settled.upstream_request_id,
    )
    assert (Outcome.OK, COST, 200, 1, None) == (
        logged.outcome,
        logged.cost,
        logged.status,
        logged.attempts,
        logged.error,
    )


async def test_sent_is_recorded_before_anything_leaves():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=CHAT_BODY)
    (asked,) = rig.upstream.asked
    assert 1 == asked.recorded
    sent = rig.journal.sent
    assert ("openai", "gpt-4o", "gpt-4o", "openai/gpt-4o@always#1", False) == (
        sent.provider,
        sent.original_model,
        sent.request_model,
        sent.card_id,
        sent.stream,
    )
    assert sent.hold >= COST


async def test_the_provider_gets_its_own_credential_and_the_body_as_it_came():
    rig = Rig()
    raw = json.dumps(CHAT_BODY, separators=(",", ":")).encode()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=raw)
    (asked,) = rig.upstream.asked
    assert ("https://api.openai.com/v1/chat/completions", raw) == (asked.url, asked.body)
    assert "Bearer upstream-openai-credential" == asked.headers["authorization"]
    assert rig.journal.sent.request_id == asked.headers["x-request-id"]


async def test_a_streamed_answer_is_passed_and_settled_before_its_last_bytes():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=STREAM_BODY)
    assert ["Sent"] == kinds(rig)
    assert b"".join(chat_stream()) == await read_all(reply)
    assert_one_of_each(rig)
    assert (Outcome.OK, COST, None) == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )
    assert rig.journal.logged.first_content_ms is not None


async def test_usage_that_only_we_asked_for_is_metered_and_left_out_of_the_stream():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body={**CHAT_BODY, "stream": True})
    assert {"include_usage": True} == rig.upstream.asked[0].document["stream_options"]
    assert b"".join(chat_stream(usage=False)) == await read_all(reply)
    assert COST == rig.journal.settled.cost


async def test_a_stream_without_usage_is_booked_at_the_hold_and_marked():
    rig = Rig()
    await read_all(await rig.run(ScriptedAnswer(200, chat_stream(usage=False)), body=STREAM_BODY))
    assert_one_of_each(rig)
    settled = rig.journal.settled
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "usage_missing", None) == (
        settled.outcome,
        settled.cost,
        settled.error,
        settled.usage,
    )


async def test_a_stream_that_ends_too_early_is_booked_at_the_hold():
    rig = Rig()
    await read_all(await rig.run(ScriptedAnswer(200, message_stream()[:-2]), door=MESSAGES, body=MESSAGES_STREAM))
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "stream_incomplete") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )


MESSAGES_STREAM = {
    "model": "claude-sonnet-4-5",
    "messages": [{"role": "user", "content": "Hi"}],
    "max_tokens": 50,
    "stream": True,
}


async def test_an_error_inside_a_stream_is_booked_at_the_hold_and_passed_on():
    error = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, [*message_stream()[:3], error]), door=MESSAGES, body=MESSAGES_STREAM)
    assert b"".join([*message_stream()[:3], error]) == await read_all(reply)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "error_in_stream") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )


async def test_a_stream_that_breaks_off_ends_with_an_error_event_and_is_booked_at_the_hold():
    rig = Rig()
    answer = ScriptedAnswer(200, chat_stream()[:2], error=broke_off())
    given = await read_all(await rig.run(answer, body=STREAM_BODY))
    assert given.startswith(b"".join(chat_stream()[:2]))
    assert b'"upstream_broken"' in given
    assert b"[DONE]" not in given
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "upstream_broken") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )
    assert "broke off" in rig.journal.logged.message
    assert answer.closed


async def test_a_provider_that_cannot_be_reached_leaves_no_cost():
    rig = Rig()
    await refusal_of(rig, UpstreamUnreachable, unreachable(), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.UNREACHED, 0) == (rig.journal.settled.outcome, rig.journal.settled.cost)
    assert (Outcome.UNREACHED, 502, 0) == (
        rig.journal.logged.outcome,
        rig.journal.logged.status,
        rig.journal.logged.cost,
    )


@pytest.mark.parametrize(("failure", "error"), [(timed_out, UpstreamTimeout), (broke_off, UpstreamBroken)])
async def test_an_answer_that_never_came_is_booked_at_the_hold(failure, error):
    rig = Rig()
    await refusal_of(rig, error, failure(), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold) == (rig.journal.settled.outcome, rig.journal.settled.cost)
    assert Outcome.ESTIMATED == rig.journal.logged.outcome


@pytest.mark.parametrize("status", [200, 400])
async def test_a_body_that_breaks_off_is_booked_at_the_hold(status: int):
    rig = Rig()
    await refusal_of(rig, UpstreamBroken, ScriptedAnswer(status, b'{"id":', error=broke_off()), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "upstream_broken") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )


async def test_a_whole_answer_without_usage_is_booked_at_the_hold():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer(usage=None)), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "usage_missing") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )


async def test_an_answer_that_cannot_be_said_in_the_clients_format_is_broken_but_its_usage_is_booked():
    rig = Rig(snapshot_of(ALIAS))
    untold = chat_answer(choices="what?")
    await refusal_of(rig, UpstreamBroken, ScriptedAnswer(200, untold), door=MESSAGES, body=TRANSLATED)
    assert_one_of_each(rig)
    assert (Outcome.OK, COST) == (rig.journal.settled.outcome, rig.journal.settled.cost)


ALIAS = Deployment(id=DeploymentId("d"), organization_id=None, name="alias", provider="openai", model="gpt-4o")
TRANSLATED = {"model": "alias", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}


async def test_a_streamed_answer_that_cannot_be_said_ends_in_an_error_event():
    rig = Rig(snapshot_of(ALIAS))
    odd = b'data: {"choices":[{"index":0,"delta":{"audio":{"id":"a","data":"AAAA"}},"finish_reason":null}]}\n\n'
    reply = await rig.run(ScriptedAnswer(200, [odd]), door=MESSAGES, body={**TRANSLATED, "stream": True})
    assert b"event: error\n" in await read_all(reply)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, "untranslatable_answer") == (rig.journal.settled.outcome, rig.journal.settled.error)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
async def test_an_error_answer_passes_as_it_is_and_costs_nothing(status: int):
    rig = Rig()
    body = b'{"error":{"message":"No.","type":"some_error"}}'
    headers = {"retry-after": "7", "set-cookie": "a=b"}
    reply = await rig.run(ScriptedAnswer(status, body, headers=headers), body=CHAT_BODY)
    assert (status, body) == (reply.status, reply.body)
    assert b"7" == dict(reply.headers)[b"retry-after"]
    assert b"set-cookie" not in dict(reply.headers)
    assert_one_of_each(rig)
    assert (Outcome.REJECTED, 0, f"status_{status}") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )
    assert (Outcome.REJECTED, status) == (rig.journal.logged.outcome, rig.journal.logged.status)


@pytest.mark.parametrize(
    ("status", "body"), [(502, b'{"error":{"message":"bad gateway"}}'), (504, b"{}"), (500, b"<html>proxy</html>")]
)
async def test_an_error_that_an_intermediary_may_have_given_is_booked_at_the_hold(status: int, body: bytes):
    rig = Rig()
    await rig.run(ScriptedAnswer(status, body), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold) == (rig.journal.settled.outcome, rig.journal.settled.cost)


async def test_a_redirect_is_no_answer():
    rig = Rig()
    redirect = ScriptedAnswer(307, b"", headers={"location": "https://elsewhere"})
    assert 502 == (await refusal_of(rig, UpstreamBroken, redirect, body=CHAT_BODY)).status
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, "status_307") == (rig.journal.settled.outcome, rig.journal.settled.error)


async def test_an_unknown_key_leaves_no_record():
    rig = Rig()
    await refusal_of(rig, NotAuthenticated, body=CHAT_BODY, key_hash=b"stranger")
    assert [] == rig.journal.records


async def test_without_a_configuration_nothing_is_served():
    rig = Rig()
    rig.configs.config = None
    assert "not_ready" == (await refusal_of(rig, Unavailable, body=CHAT_BODY)).code


@pytest.mark.parametrize(
    ("body", "error", "status"),
    [
        (b"{", BadRequest, 400),
        ({**CHAT_BODY, "model": "no-such-model"}, NotFound, 404),
        ({**CHAT_BODY, "model": "gpt-unheard-of"}, Unpriced, 402),
        ({**CHAT_BODY, "model": "gpt-4o", "n": -1}, BadRequest, 400),
    ],
)
async def test_what_we_refuse_is_logged_and_nothing_leaves(body, error, status: int):
    rig = Rig()
    await refusal_of(rig, error, body=body)
    assert [] == rig.upstream.asked
    assert ["Logged"] == kinds(rig)
    assert (Outcome.REFUSED, status, None, 0) == (
        rig.journal.logged.outcome,
        rig.journal.logged.status,
        rig.journal.logged.cost,
        rig.journal.logged.attempts,
    )


async def test_a_switched_off_organization_is_refused_before_its_body_is_read():
    off = msgspec.structs.replace(ORGANIZATION, enabled=False)
    rig = Rig(snapshot_of(organization=off))
    assert "organization_disabled" == (await refusal_of(rig, Forbidden, body=b"{")).code
    assert ["Logged"] == kinds(rig)


async def test_a_model_outside_the_keys_globs_is_refused():
    rig = Rig(principal=msgspec.structs.replace(PRINCIPAL, allowed_models=("claude-*",)))
    assert "model_not_allowed" == (await refusal_of(rig, Forbidden, body=CHAT_BODY)).code
    assert [] == rig.upstream.asked


async def test_what_cannot_be_recorded_is_not_sent():
    rig = Rig()
    rig.journal.full = True
    refusal = await refusal_of(rig, Unavailable, ScriptedAnswer(200, chat_answer()), body=CHAT_BODY)
    assert ("journal_full", 503, 5) == (refusal.code, refusal.status, refusal.retry_after_s)
    assert [] == rig.upstream.asked
    assert [] == rig.journal.of(Sent)
    assert 0 == rig.journal.reserved


async def test_a_refusal_that_cannot_be_logged_is_still_the_refusal():
    rig = Rig()
    rig.journal.full = True
    await refusal_of(rig, NotFound, body={**CHAT_BODY, "model": "no-such-model"})
    assert [] == rig.journal.records


async def test_a_journal_that_fills_up_while_the_provider_answers_still_takes_the_end():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=STREAM_BODY)
    rig.journal.full = True
    await read_all(reply)
    assert_one_of_each(rig)
    assert Outcome.OK == rig.journal.settled.outcome


async def test_when_even_the_end_cannot_be_written_the_client_gets_no_answer_and_the_sent_record_stays():
    rig = Rig()
    answer = ScriptedAnswer(200, chat_stream())
    reply = await rig.run(answer, body=STREAM_BODY)
    rig.journal.broken = True
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, the connection breaks
        await read_all(reply)
    assert ["Sent"] == kinds(rig)
    assert 0 == rig.journal.reserved
    assert answer.closed


async def test_a_cancelled_request_is_settled_at_the_hold():
    rig = Rig()
    answer = ScriptedAnswer(200, b"{", stalls=True)
    task = asyncio.create_task(rig.run(answer, body=CHAT_BODY))
    await answer.stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold) == (rig.journal.settled.outcome, rig.journal.settled.cost)
    assert Outcome.FAULT == rig.journal.logged.outcome


async def test_a_stream_that_is_cancelled_is_settled_at_the_hold():
    rig = Rig()
    answer = ScriptedAnswer(200, chat_stream()[:2], stalls=True)
    reply = await rig.run(answer, body=STREAM_BODY)
    task = asyncio.create_task(read_all(reply))
    await answer.stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, "abandoned") == (rig.journal.settled.outcome, rig.journal.settled.error)
    assert answer.closed


async def test_a_stream_that_is_closed_early_is_settled_at_the_hold():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=STREAM_BODY)
    await anext(reply.stream)
    await reply.stream.aclose()
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, "abandoned") == (rig.journal.settled.outcome, rig.journal.settled.error)


async def test_after_the_client_is_gone_the_answer_is_read_to_its_end_for_its_usage():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=STREAM_BODY)
    await anext(reply.stream)
    reply.client_gone_at = rig.clock.monotonic()
    rig.clock.advance(29)
    await read_all(reply)
    assert_one_of_each(rig)
    assert (Outcome.OK, COST) == (rig.journal.settled.outcome, rig.journal.settled.cost)
    assert rig.journal.logged.client_gone


async def test_past_the_drain_limit_reading_stops_and_the_hold_is_booked():
    rig = Rig()
    answer = ScriptedAnswer(200, chat_stream())
    reply = await rig.run(answer, body=STREAM_BODY)
    await anext(reply.stream)
    reply.client_gone_at = rig.clock.monotonic()
    rig.clock.advance(31)
    assert b"" == await read_all(reply)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "drain_limit") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )
    assert answer.closed


async def test_a_fault_of_ours_after_the_request_left_is_settled_at_the_hold():
    rig = Rig()
    with pytest.raises(RuntimeError):
        await rig.run(RuntimeError("a bug"), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold) == (rig.journal.settled.outcome, rig.journal.settled.cost)
    assert (Outcome.FAULT, 500) == (rig.journal.logged.outcome, rig.journal.logged.status)


async def test_a_free_endpoint_costs_nothing_and_is_no_estimate():
    rig = Rig()
    body = {"model": "claude-sonnet-4-5", "messages": []}
    await rig.run(ScriptedAnswer(200, b'{"input_tokens":9}'), door=COUNT_TOKENS, body=body)
    assert_one_of_each(rig)
    assert (Outcome.OK, 0, "headgate/free-endpoint", None) == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.card_id,
        rig.journal.settled.error,
    )


async def test_embeddings_cost_their_input():
    rig = Rig()
    answer = (
        b'{"object":"list","data":[],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}'
    )
    body = {"model": "text-embedding-3-small", "input": "some text"}
    await rig.run(ScriptedAnswer(200, answer), door=EMBEDDINGS, body=body)
    assert (Outcome.OK, 8_000) == (rig.journal.settled.outcome, rig.journal.settled.cost)


async def test_where_it_is_allowed_an_unpriced_model_is_sent_and_has_no_amount():
    allowed = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)
    rig = Rig(snapshot_of(organization=allowed))
    answer = chat_answer(model="gpt-unheard-of")
    await rig.run(ScriptedAnswer(200, answer), body={**CHAT_BODY, "model": "gpt-unheard-of"})
    assert_one_of_each(rig)
    assert (None, None) == (rig.journal.sent.card_id, rig.journal.sent.hold)
    assert (Outcome.OK, None, None) == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.card_id,
    )
    assert 110 == rig.journal.settled.usage.total_tokens


async def test_the_model_that_answered_sets_the_price():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer(model="gpt-4o-2024-11-20")), body=CHAT_BODY)
    settled = rig.journal.settled
    assert ("gpt-4o-2024-11-20", "openai/gpt-4o-2024-11-20@always#1", 100 * 2_000 + 10 * 8_000) == (
        settled.response_model,
        settled.card_id,
        settled.cost,
    )


async def test_an_answering_model_that_has_no_card_costs_what_was_asked_for():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer(model="a-private-name")), body=CHAT_BODY)
    assert (COST, "openai/gpt-4o@always#1") == (rig.journal.settled.cost, rig.journal.settled.card_id)


async def test_what_the_card_has_no_rate_for_is_named():
    rig = Rig(snapshot_of(cards=(price_card("openai", "gpt-4o"),)))
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "server_tool_use": {"web_search_requests": 2}}
    await rig.run(ScriptedAnswer(200, chat_answer(usage=usage)), body=CHAT_BODY)
    assert (COST, ("web_search",)) == (rig.journal.settled.cost, rig.journal.settled.unpriced_units)


async def test_the_log_says_whom_to_charge_and_what_was_asked():
    rig = Rig(
        principal=msgspec.structs.replace(PRINCIPAL, defaults=Attribution(team="core", app="ci"), locked=("team",))
    )
    await rig.run(ScriptedAnswer(200, chat_answer()), body=CHAT_BODY, attribution=Attribution(team="other", user="u-1"))
    logged = rig.journal.logged
    assert Attribution(team="core", app="ci", user="u-1") == logged.attribution == rig.journal.sent.attribution
    assert hashlib.sha256(json.dumps(CHAT_BODY).encode()).hexdigest() == logged.prompt_sha256
    assert (PRINCIPAL.key_id, ORGANIZATION.id, "/v1/chat/completions") == (
        logged.key_id,
        logged.organization_id,
        logged.endpoint,
    )


async def test_a_translated_request_reaches_the_other_format_and_comes_back():
    rig = Rig(snapshot_of(ALIAS))
    reply = await rig.run(ScriptedAnswer(200, chat_answer()), door=MESSAGES, body=TRANSLATED)
    assert "https://api.openai.com/v1/chat/completions" == rig.upstream.asked[0].url
    message = json.loads(reply.body)
    assert ("message", [{"type": "text", "text": "Hi"}]) == (message["type"], message["content"])
    assert (100, 10) == (message["usage"]["input_tokens"], message["usage"]["output_tokens"])
    assert COST == rig.journal.settled.cost


async def test_a_request_that_cannot_be_translated_is_refused_by_field():
    rig = Rig(snapshot_of(ALIAS))
    body = {**TRANSLATED, "messages": [{"role": "user", "content": [{"type": "no_such_part"}]}]}
    refusal = await refusal_of(rig, BadRequest, door=MESSAGES, body=body)
    assert "cannot_translate" == refusal.code
    assert refusal.param.startswith("messages[0]")
    assert ["Logged"] == kinds(rig)


async def test_a_key_of_an_organization_that_the_snapshot_does_not_know_is_refused():
    rig = Rig(principal=msgspec.structs.replace(PRINCIPAL, organization_id="f" * 32))
    await refusal_of(rig, Forbidden, body=CHAT_BODY)


async def test_every_record_of_a_request_names_it():
    rig = Rig()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=CHAT_BODY)
    sent, settled, logged = rig.journal.records
    assert isinstance(sent, Sent)
    assert isinstance(settled, Settled)
    assert isinstance(logged, Logged)
    assert {sent.request_id} == {settled.request_id, logged.request_id}


async def test_what_a_provider_writes_into_a_record_is_bounded():
    rig = Rig()
    usage = b'{"prompt_tokens":100,"completion_tokens":10,"cost":0.%s1}' % (b"0" * 100_000)
    answer = b'{"model":"%s","service_tier":"%s","choices":[],"usage":%s}' % (b"m" * 10**6, b"t" * 10**6, usage)
    await rig.run(ScriptedAnswer(200, answer, headers={"x-request-id": "r" * 100_000}), body=CHAT_BODY)
    settled = rig.journal.settled
    assert (256, 256, 256) == (
        len(settled.response_model),
        len(settled.service_tier),
        len(settled.upstream_request_id),
    )
    assert len(rig.journal.written) < 8_000


async def test_usage_that_no_amount_can_say_is_booked_at_the_hold():
    rig = Rig(
        snapshot_of(cards=(price_card("openai", "gpt-4o", rates={unit: Rate(Decimal(10**10)) for unit in Unit}),))
    )
    usage = {"prompt_tokens": 10**12, "completion_tokens": 10**12}
    await rig.run(ScriptedAnswer(200, chat_answer(usage=usage)), body=CHAT_BODY)
    assert_one_of_each(rig)
    assert (Outcome.ESTIMATED, rig.journal.sent.hold, "usage_unbelievable") == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.settled.error,
    )
