import pytest

from headgate.domain.errors import UpstreamUnreachable
from headgate.domain.ids import DeploymentId
from headgate.pipeline.kept_calls import KeptCalls
from headgate.server.exchange import ClientGoneError
from headgate.server.kept_answers import MAX_BODY_BYTES, KeptHandler
from tests.kit.fakes import PRINCIPAL, Rig, ScriptedAnswer, unreachable
from tests.unit.server.exchanges import HEADERS, Client, call

PATH = "/v1/responses/resp_1"


@pytest.fixture
def handler(rig: Rig) -> KeptHandler:
    rig.kept.remember(PRINCIPAL.organization_id, "resp_1", DeploymentId("env:openai"))
    rig.upstream.script = [ScriptedAnswer(200, b'{"id": "resp_1"}')]
    return KeptHandler(KeptCalls(rig.outside, configs=rig.configs, fetcher=rig.upstream), rig.clock)


async def test_an_answer_is_shown_with_the_request_id(handler: KeptHandler):
    client = await call(handler, Client(PATH, method="GET", headers=HEADERS, query="include=x"))
    assert (200, b'{"id": "resp_1"}') == (client.status, client.answer)
    assert dict(client.headers_heard)[b"x-request-id"].startswith(b"aigw_")
    assert 0 == handler.running


async def test_a_body_that_nobody_needs_is_read(handler: KeptHandler, rig: Rig):
    client = await call(handler, Client(f"{PATH}/cancel", b"{}", headers=HEADERS))
    assert 200 == client.status
    assert "POST https://api.openai.com/v1/responses/resp_1/cancel" == rig.upstream.asked[0].url


async def test_a_body_that_is_too_long_is_refused(handler: KeptHandler):
    client = await call(handler, Client(f"{PATH}/cancel", b"x" * (MAX_BODY_BYTES + 1), headers=HEADERS))
    assert 413 == client.status


async def test_errors_are_in_the_words_of_the_door(handler: KeptHandler, rig: Rig):
    unknown = await call(handler, Client("/v1/responses/resp_2", method="GET", headers=HEADERS))
    assert (404, "response_not_found") == (unknown.status, unknown.document["error"]["code"])
    nobody = await call(handler, Client(PATH, method="GET"))
    assert 401 == nobody.status
    rig.upstream.script = [unreachable()]
    away = await call(handler, Client(PATH, method="GET", headers=HEADERS))
    assert UpstreamUnreachable.code == away.document["error"]["code"]


async def test_a_mistake_of_ours_shows_no_traceback(handler: KeptHandler):
    class Broken(Client):
        def header_fields(self):
            raise RuntimeError

    client = await call(handler, Broken(PATH, method="GET"))
    assert (500, "internal_error") == (client.status, client.document["error"]["code"])


async def test_a_client_that_left_hears_nothing(handler: KeptHandler):
    class Left(Client):
        async def body(self) -> bytes:
            raise ClientGoneError

        async def part(self) -> bytes:
            raise ClientGoneError

    client = await call(handler, Left(f"{PATH}/cancel", b"{}", headers=HEADERS))
    assert (None, 0) == (client.status, handler.running)
