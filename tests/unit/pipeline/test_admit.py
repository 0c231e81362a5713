"""Keys and rate limits, before anything is held."""

import asyncio

import msgspec
import pytest

from headgate.domain.errors import Forbidden, LimitExceeded, NotAuthenticated
from headgate.domain.principal import Attribution
from headgate.pipeline.doors import MESSAGES
from headgate.snapshot.contract import RateLimit
from tests.kit.budgeted import CHAT_BODY, Budgeted, budget, snapshot_with
from tests.kit.fakes import NOON, ORGANIZATION, PRINCIPAL, ScriptedAnswer, chat_answer, unreachable


def limited(**limits) -> Budgeted:
    return Budgeted(snapshot_with(budget(10**9), rate_limits=(RateLimit(id="r", organization_id=None, **limits),)))


async def refusal_of(rig: Budgeted, error: type[Exception] = LimitExceeded, **request):
    with pytest.raises(error) as refusal:
        await rig.ask(**request)
    return refusal.value


async def test_a_key_that_is_over_its_date_or_out_of_its_scope_is_refused():
    expired = msgspec.structs.replace(PRINCIPAL, expires_at=NOON)
    await refusal_of(Budgeted(snapshot_with(), principal=expired), NotAuthenticated)
    narrow = msgspec.structs.replace(PRINCIPAL, scopes=("embeddings",))
    await refusal_of(Budgeted(snapshot_with(), principal=narrow), Forbidden)


async def test_a_switched_off_organization_is_refused():
    off = msgspec.structs.replace(ORGANIZATION, enabled=False)
    await refusal_of(Budgeted(snapshot_with(organization=off)), Forbidden)


async def test_who_names_another_organization_than_the_keys_is_refused_before_anything_is_sent():
    rig = Budgeted(snapshot_with())
    await refusal_of(rig, Forbidden, headers={"x-headgate-organization": "Somebody else"})
    await rig.ask(headers={"x-headgate-organization": ORGANIZATION.name})
    assert 1 == len(rig.upstream.asked)


async def test_past_the_requests_of_a_minute_the_next_is_refused_and_holds_nothing():
    rig = limited(scope="key", requests_per_minute=2)
    await rig.ask()
    await rig.ask()
    refusal = await refusal_of(rig)
    assert ("rate_limit_exceeded", True) == (refusal.code, refusal.should_retry)
    assert refusal.retry_after_s
    assert 2 == len(rig.upstream.asked)
    assert {0} == {account.held for account in rig.treasury.book.accounts.values()}


async def test_a_minute_later_there_is_room_again():
    rig = limited(scope="key", requests_per_minute=1)
    await rig.ask()
    await refusal_of(rig)
    rig.clock.advance(61)
    await rig.ask()


async def test_users_are_counted_apart():
    rig = limited(scope="user", requests_per_minute=1)
    await rig.ask(attribution=Attribution(user="anna"))
    await refusal_of(rig, attribution=Attribution(user="anna"))
    await rig.ask(attribution=Attribution(user="ben"))


async def test_a_place_among_those_at_once_is_free_again_however_the_request_ends():
    rig = limited(scope="key", concurrency=1)
    running = await rig.run_until_held()
    await refusal_of(rig)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(Exception, match="cannot be reached"):
        await rig.ask(unreachable())
    await refusal_of(rig, Exception, body={**CHAT_BODY, "model": "gpt-unheard-of"})
    await rig.ask()


async def test_tokens_are_estimated_first_and_corrected_after():
    rig = limited(scope="key", tokens_per_minute=1_000)
    await rig.ask(ScriptedAnswer(200, chat_answer()))
    # The estimate was more than a third; 110 tokens were used.
    for _ in range(4):
        await rig.ask(ScriptedAnswer(200, chat_answer()))
    assert 5 == len(rig.upstream.asked)


async def test_what_a_budget_refuses_does_not_use_up_tokens():
    snapshot = snapshot_with(
        budget(100), rate_limits=(RateLimit(id="r", organization_id=None, scope="key", tokens_per_minute=400),)
    )
    rig = Budgeted(snapshot)
    for _ in range(5):
        assert "limit_exceeded" == (await refusal_of(rig)).code


async def test_an_anthropic_client_is_limited_too():
    rig = limited(scope="organization", requests_per_minute=1)
    await rig.ask()
    body = {**CHAT_BODY, "model": "claude-sonnet-4-5"}
    await refusal_of(rig, door=MESSAGES, body=body)
