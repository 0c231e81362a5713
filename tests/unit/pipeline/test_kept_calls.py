import json

import pytest

from headgate.domain.errors import Fault, GatewayError, Unavailable, UpstreamUnreachable
from headgate.domain.ids import DeploymentId, KeyId, OrganizationId
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Principal
from headgate.ledger.records import Logged
from headgate.pipeline.doors import RESPONSES
from headgate.pipeline.kept_calls import DOOR, Asked, KeptCalls, kept_url
from headgate.pipeline.request import Reply
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import PRINCIPAL, Rig, ScriptedAnswer, snapshot_of, unreachable

ANSWER = b'{"id": "resp_1",   "object": "response"}'
OPENAI = DeploymentId("env:openai")
MINE = PRINCIPAL.organization_id


def rig_of(principal: Principal = PRINCIPAL, *deployments: Deployment) -> Rig:
    rig = Rig(snapshot_of(*deployments), principal=principal)
    rig.kept.remember(MINE, "resp_1", OPENAI)
    rig.upstream.script = [ScriptedAnswer(200, ANSWER)]
    return rig


async def ask(rig: Rig, rest: str = "resp_1", *, method: str = "GET", query: str = "") -> Reply:
    request = rig.request(b"", door=DOOR, path=f"/v1/responses/{rest}", query=query)
    return await KeptCalls(rig.outside, configs=rig.configs, fetcher=rig.upstream).run(method, request)


async def refused(rig: Rig, rest: str = "resp_1", **how: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await ask(rig, rest, **how)
    return caught.value


@pytest.mark.parametrize(
    ("method", "rest", "query", "asked"),
    [
        ("GET", "resp_1", "", "GET https://api.openai.com/v1/responses/resp_1"),
        ("GET", "resp_1", "include=a&include=b", "GET https://api.openai.com/v1/responses/resp_1?include=a&include=b"),
        ("DELETE", "resp_1", "", "DELETE https://api.openai.com/v1/responses/resp_1"),
        ("GET", "resp_1/input_items", "limit=2", "GET https://api.openai.com/v1/responses/resp_1/input_items?limit=2"),
        ("POST", "resp_1/cancel", "", "POST https://api.openai.com/v1/responses/resp_1/cancel"),
    ],
)
async def test_it_is_asked_for_where_it_is_kept_and_said_byte_for_byte(method: str, rest: str, query: str, asked: str):
    rig = rig_of()
    reply = await ask(rig, rest, method=method, query=query)
    (call,) = rig.upstream.asked
    assert (asked, "Bearer upstream-openai-credential") == (call.url, call.headers["authorization"])
    assert (200, ANSWER) == (reply.status, reply.body)
    assert (b"x-headgate-deployment", b"env:openai") in reply.headers


async def test_it_is_logged_and_costs_nothing():
    rig = rig_of()
    await ask(rig)
    (logged,) = rig.journal.records
    assert isinstance(logged, Logged)
    assert ("/v1/responses/{response_id}", Outcome.OK, 200, None, 0) == (
        logged.endpoint,
        logged.outcome,
        logged.status,
        logged.cost,
        logged.attempts,
    )


async def test_what_the_provider_says_against_it_is_passed_on():
    rig = rig_of()
    rig.upstream.script = [ScriptedAnswer(404, b'{"error": {}}', headers={"content-type": "text/odd"})]
    reply = await ask(rig)
    assert (404, b'{"error": {}}') == (reply.status, reply.body)
    assert (b"content-type", b"text/odd") in reply.headers
    (logged,) = rig.journal.of(Logged)
    assert (404, Outcome.REJECTED) == (logged.status, logged.outcome)


async def test_another_organization_does_not_find_it_and_nothing_is_asked():
    rig = rig_of()
    rig.kept.known = {(OrganizationId("other"), "resp_1"): OPENAI}
    error = await refused(rig)
    assert ("response_not_found", []) == (error.code, rig.upstream.asked)
    assert [Outcome.REFUSED] == [logged.outcome for logged in rig.journal.of(Logged)]


async def test_a_deployment_that_is_gone_or_became_anothers_does_not_show_it():
    theirs = Deployment(id=DeploymentId("theirs"), organization_id="9" * 32, name="x", provider="openai", model="m")
    rig = rig_of(PRINCIPAL, theirs)
    for keeper in ("theirs", "gone"):
        rig.kept.remember(MINE, "resp_1", DeploymentId(keeper))
        assert "response_not_found" == (await refused(rig)).code
    assert [] == rig.upstream.asked


async def test_a_key_without_the_scope_is_refused():
    narrow = Principal(key_id=KeyId("1" * 32), key_name="ci", organization_id=MINE, scopes=("chat",))
    assert "scope_not_allowed" == (await refused(rig_of(narrow))).code


@pytest.mark.parametrize(
    ("method", "rest", "query", "code"),
    [
        ("POST", "resp_1", "", "method_not_allowed"),
        ("DELETE", "resp_1/input_items", "", "method_not_allowed"),
        ("GET", "resp_1/cancel", "", "method_not_allowed"),
        ("GET", "resp_1/unheard", "", "no_such_endpoint"),
        ("GET", "resp_1/input_items/more", "", "no_such_endpoint"),
        ("GET", "", "", "no_such_endpoint"),
        ("GET", "resp_1", "stream=true", "invalid_value"),
        ("GET", "resp%5F2", "", "response_not_found"),
    ],
)
async def test_what_is_not_offered_is_refused(method: str, rest: str, query: str, code: str):
    rig = rig_of()
    assert code == (await refused(rig, rest, method=method, query=query)).code
    assert [] == rig.upstream.asked


async def test_an_id_in_a_path_may_be_escaped_and_leads_nowhere_else():
    rig = rig_of()
    rig.kept.remember(MINE, "../files", OPENAI)
    await ask(rig, "..%2Ffiles")
    assert "GET https://api.openai.com/v1/responses/..%2Ffiles" == rig.upstream.asked[0].url


async def test_a_provider_that_is_away_is_an_error_of_its_own():
    rig = rig_of()
    rig.upstream.script = [unreachable()]
    assert isinstance(await refused(rig), UpstreamUnreachable)
    assert [Outcome.UNREACHED] == [logged.outcome for logged in rig.journal.of(Logged)]


async def test_books_that_do_not_answer_are_unavailable():
    rig = rig_of()
    rig.kept.fails = Unavailable("Not now.", code="answer_store_unavailable", retry_after_s=1)
    assert "answer_store_unavailable" == (await refused(rig)).code


async def test_a_mistake_of_ours_is_a_fault_and_logged():
    rig = rig_of()
    rig.kept.fails = RuntimeError("a bug")
    assert isinstance(await refused(rig), Fault)
    assert [Outcome.FAULT] == [logged.outcome for logged in rig.journal.of(Logged)]


def test_a_providers_own_query_stays():
    url = "https://a.example/openai/responses?api-version=1"
    assert "https://a.example/openai/responses/r/input_items?api-version=1&limit=2" == kept_url(
        url, Asked("r", "input_items"), "limit=2"
    )


async def test_an_answer_of_the_door_is_found_again_by_the_worker_that_got_it():
    rig = Rig()
    body = {"id": "resp_9", "object": "response", "status": "completed", "model": "gpt-4o", "output": []}
    said = {**body, "usage": {"input_tokens": 10, "output_tokens": 1, "total_tokens": 11}}
    rig.upstream.script = [ScriptedAnswer(200, json.dumps(said).encode())]
    request = rig.request({"model": "gpt-4o", "input": "Hello", "max_output_tokens": 50}, door=RESPONSES)
    await rig.pipeline.run(request)
    assert {(MINE, "resp_9"): OPENAI} == rig.kept.known
    assert "resp_9" == rig.journal.settled.kept_id
