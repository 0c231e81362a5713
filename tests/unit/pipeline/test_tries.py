import msgspec
import pytest

from headgate.domain.errors import UpstreamTimeout, UpstreamUnsigned
from headgate.domain.ids import DeploymentId
from headgate.domain.outcome import Outcome
from headgate.ledger.records import Sent, Settled
from headgate.providers.provider import Auth
from headgate.routing.table import RouteTable
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import Rig, ScriptedAnswer, broke_off, chat_answer, chat_stream, read_all, snapshot_of

BODY = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
BUSY = b'{"error":{"message":"Slow down.","type":"rate_limit"}}'
ID = DeploymentId("first")


def deployment(id_: str, **changes: object) -> Deployment:
    fields = {"id": DeploymentId(id_), "organization_id": None, "name": "fast", "provider": "openai", "model": "gpt-4o"}
    return Deployment(**(fields | changes))


@pytest.mark.parametrize("body", [BODY, STREAM], ids=["whole", "streamed"])
async def test_a_deployment_that_takes_longer_than_it_may_is_left(body: dict[str, object]):
    slow = deployment("first", priority=1, timeout_ms=20)
    fallen = Rig(snapshot_of(slow, deployment("second")))
    answer = ScriptedAnswer(200, chat_stream()[:1] if "stream" in body else b"", stalls=True)
    good = ScriptedAnswer(200, chat_stream() if "stream" in body else chat_answer())
    reply = await fallen.run(answer, good, body=body)
    if reply.stream is not None:
        assert b"".join(chat_stream()) == await read_all(reply)
    first, second = fallen.journal.of(Settled)
    assert (Outcome.ESTIMATED, "upstream_timeout", Outcome.OK) == (first.outcome, first.error, second.outcome)


async def test_a_task_may_have_a_limit_of_its_own():
    snapshot = snapshot_of(deployment("first"))
    organization = snapshot.organizations[0]
    organization = msgspec.structs.replace(organization, task_timeouts_ms={"caption": 20})
    impatient = Rig(msgspec.structs.replace(snapshot, organizations=(organization,)))
    body = {**BODY, "metadata": {"task": "caption"}}
    with pytest.raises(UpstreamTimeout):
        await impatient.run(ScriptedAnswer(200, b"", stalls=True), body=body)
    assert 504 == impatient.journal.logged.status


async def test_what_it_came_to_is_told_to_the_deployments_health():
    rig = Rig(snapshot_of(deployment("first")))
    await rig.run(ScriptedAnswer(429, BUSY, headers={"retry-after": "30"}), body=BODY)
    assert rig.health.goes_last(ID)
    assert rig.health.latency_of(ID) is None
    rig.clock.advance(30)
    assert not rig.health.goes_last(ID)
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    assert 0 == rig.health.latency_of(ID)


@pytest.mark.parametrize("said", ["soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-5", "nan", "inf"])
async def test_a_wait_that_cannot_be_read_is_not_said(said: str):
    rig = Rig(snapshot_of(deployment("first")), retries=1)
    await rig.run(
        ScriptedAnswer(429, BUSY, headers={"retry-after": said}), ScriptedAnswer(200, chat_answer()), body=BODY
    )
    assert [0.125] == rig.slept


async def test_a_stream_that_breaks_in_the_clients_hands_counts_against_its_deployment():
    rig = Rig(snapshot_of(deployment("first")))
    for _ in range(5):
        assert not rig.health.is_open(ID)
        await read_all(await rig.run(ScriptedAnswer(200, chat_stream()[:3], error=broke_off()), body=STREAM))
    assert rig.health.is_open(ID)


def signing_rig(*, timeout_ms: int | None = None, alone: bool = False) -> Rig:
    """A deployment whose requests are signed, and one behind it that shows its key."""
    first = deployment("first", priority=1, timeout_ms=timeout_ms)
    rig = Rig(snapshot_of(first) if alone else snapshot_of(first, deployment("second")))
    config = rig.configs.config
    route, *others = config.routes.routes
    signed = msgspec.structs.replace(route.provider, auth=Auth.AWS)
    routes = [msgspec.structs.replace(route, provider=signed, credential="own"), *others]
    rig.configs.config = msgspec.structs.replace(config, routes=RouteTable(routes))
    return rig


async def test_what_is_signed_is_what_leaves():
    rig = signing_rig()
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    (asked,) = rig.upstream.asked
    assert f"Signed own POST {len(asked.url)} {len(asked.body)}" == asked.headers["authorization"]
    assert "application/json" == asked.headers["content-type"]


async def test_without_a_credential_nothing_is_sent_or_spent_and_the_next_deployment_answers():
    rig = signing_rig()
    rig.signer.fails = UpstreamUnsigned("No credential.", provider="openai")
    reply = await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    assert 200 == reply.status
    assert ["second"] == [sent.deployment_id for sent in rig.journal.of(Sent)]
    assert (1, 0) == (rig.journal.logged.attempts, rig.journal.reserved)


async def test_without_a_credential_anywhere_the_client_learns_why():
    rig = signing_rig(alone=True)
    rig.signer.fails = UpstreamUnsigned("No credential.", provider="openai")
    with pytest.raises(UpstreamUnsigned, match="No credential"):
        await rig.run(body=BODY)
    logged = rig.journal.logged
    assert (Outcome.UNREACHED, "credential_unavailable", 0) == (logged.outcome, logged.error, logged.attempts)
    assert [] == rig.journal.of(Sent)


async def test_a_credential_that_takes_longer_than_it_may_costs_nothing():
    rig = signing_rig(timeout_ms=20)
    rig.signer.stalls = True
    await rig.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    (settled,) = rig.journal.of(Settled)
    assert (Outcome.OK, 140_000) == (settled.outcome, settled.cost)
