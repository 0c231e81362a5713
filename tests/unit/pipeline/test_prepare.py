import msgspec
import pytest

from headgate.domain.errors import BadRequest, LimitExceeded, NotFound
from headgate.domain.ids import DeploymentId
from headgate.pipeline.doors import EMBEDDINGS, MESSAGES
from headgate.snapshot.contract import Deployment, RateLimit
from tests.kit.budgeted import Budgeted, budget, snapshot_with
from tests.kit.fakes import Rig, ScriptedAnswer, chat_answer, snapshot_of

BODY = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}


def deployment(id_: str, priority: int, provider: str = "openai", model: str = "gpt-4o") -> Deployment:
    return Deployment(
        id=DeploymentId(id_), organization_id=None, name="fast", provider=provider, model=model, priority=priority
    )


FIRST, SECOND = deployment("first", 1), deployment("second", 0)


async def test_a_deployment_at_its_own_rate_limit_is_passed_over():
    limit = RateLimit(id="l", organization_id=None, scope="deployment", subject="first", requests_per_minute=1)
    rig = Rig(msgspec.structs.replace(snapshot_of(FIRST, SECOND), rate_limits=(limit,)))
    answered = [dict((await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)).headers) for _ in range(2)]
    assert [b"first", b"second"] == [headers[b"x-headgate-deployment"] for headers in answered]


async def test_where_all_are_at_their_limits_the_first_refusal_is_told():
    limit = RateLimit(id="l", organization_id=None, scope="deployment", requests_per_minute=1)
    rig = Rig(msgspec.structs.replace(snapshot_of(FIRST), rate_limits=(limit,)))
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    with pytest.raises(LimitExceeded, match="This deployment is at its limit of 1 requests"):
        await rig.run(body=BODY)


async def test_a_request_counts_once_in_its_own_limits_however_often_it_is_tried():
    limit = RateLimit(id="l", organization_id=None, scope="organization", requests_per_minute=2)
    rig = Rig(msgspec.structs.replace(snapshot_of(FIRST, SECOND), rate_limits=(limit,)))
    for _ in range(2):
        await rig.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(200, chat_answer()), body=BODY)
    with pytest.raises(LimitExceeded):
        await rig.run(body=BODY)
    assert 4 == len(rig.upstream.asked)


async def test_what_cannot_be_said_at_one_provider_is_said_at_another():
    rig = Rig(snapshot_of(deployment("first", 1, "anthropic", "claude-sonnet-4-5"), SECOND))
    body = {**BODY, "logit_bias": {"50256": -100}}
    reply = await rig.run(ScriptedAnswer(200, chat_answer()), body=body)
    assert b"second" == dict(reply.headers)[b"x-headgate-deployment"]


async def test_what_cannot_be_said_anywhere_leaves_no_hold():
    anthropic = deployment("first", 1, "anthropic", "claude-sonnet-4-5")
    rig = Budgeted(snapshot_with(budget(10**9), deployments=(anthropic,)))
    with pytest.raises(BadRequest, match="logit_bias"):
        await rig.ask(body={**BODY, "logit_bias": {"50256": -100}})
    assert {0} == {account.held for account in rig.treasury.book.accounts.values()}
    assert [] == rig.upstream.asked


async def test_an_endpoint_that_no_deployment_offers_is_not_found():
    rig = Rig(snapshot_of(deployment("first", 1, "anthropic", "claude-sonnet-4-5")))
    with pytest.raises(NotFound, match="Anthropic does not offer"):
        await rig.run(door=EMBEDDINGS, body={"model": "fast", "input": "x"})


async def test_an_attempt_carries_its_number_and_the_formats_own_body():
    rig = Rig(snapshot_of(FIRST, SECOND))
    body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}
    await rig.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(200, chat_answer()), door=MESSAGES, body=body)
    assert ["1", "2"] == [asked.headers["x-headgate-attempt"] for asked in rig.upstream.asked]
    assert ["gpt-4o"] * 2 == [asked.document["model"] for asked in rig.upstream.asked]
