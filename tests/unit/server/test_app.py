import json

import pytest
from structlog.testing import capture_logs

from headgate.domain.errors import TooLarge
from headgate.pipeline.doors import CHAT
from headgate.pipeline.kept_calls import KeptCalls
from headgate.server.app import App
from headgate.server.compose import Readiness
from headgate.server.door import DoorHandler
from headgate.server.exchange import ClientGoneError
from headgate.server.kept_answers import KeptHandler
from tests.kit.fakes import MemoryKeys, Rig, ScriptedAnswer, SnapshotConfigs, chat_answer
from tests.unit.server.exchanges import BODY, HEADERS, Client, call


class Feed:
    """Configuration and keys in one, as the data plane has them."""

    def __init__(self, keys: MemoryKeys, configs: SnapshotConfigs) -> None:
        self.keys, self.configs = keys, configs

    def current(self):
        return self.configs.current()

    def cached(self, key_hash: bytes):
        return self.keys.cached(key_hash)

    async def find(self, key_hash: bytes):
        return await self.keys.find(key_hash)


class Worker:
    """What an application needs of a worker, on twins."""

    def __init__(self, rig: Rig, handler: DoorHandler) -> None:
        self.handler = handler
        self.feed = Feed(rig.keys, rig.configs)
        self.kept_answers = KeptHandler(KeptCalls(rig.outside, configs=rig.configs, fetcher=rig.upstream), rig.clock)
        self.pages = None
        self.state = Readiness(ready=True, revision=7, configuration="current")

    def readiness(self) -> Readiness:
        return self.state


@pytest.fixture
def worker(rig: Rig, handler: DoorHandler) -> Worker:
    return Worker(rig, handler)


@pytest.fixture
def app(worker: Worker) -> App:
    return App(worker)


async def test_a_door_is_served(rig: Rig, app: App):
    rig.upstream.script = [ScriptedAnswer(200, chat_answer())]
    assert chat_answer() == (await call(app, Client(CHAT.path, BODY, headers=HEADERS))).answer


async def test_a_kept_answer_is_looked_for(app: App):
    client = await call(app, Client("/v1/responses/resp_1", method="GET", headers=HEADERS))
    assert (404, "response_not_found") == (client.status, client.document["error"]["code"])


async def test_health_needs_no_configuration(rig: Rig, app: App):
    rig.configs.config = None
    client = await call(app, Client("/healthz", method="GET"))
    assert (200, {"status": "ok"}) == (client.status, client.document)


@pytest.mark.parametrize(("status", "configuration"), [(200, "current"), (200, "stale"), (503, "missing")])
async def test_readiness_says_what_is_in_force(app: App, worker: Worker, status: int, configuration: str):
    worker.state = Readiness(ready=status == 200, revision=7, configuration=configuration)
    client = await call(app, Client("/readyz", method="GET"))
    expected = {"ready": status == 200, "revision": 7, "configuration": configuration}
    assert (status, expected) == (client.status, client.document)


@pytest.mark.parametrize("path", ["/v1/unheard", "/v1/", "/", "/admin/"])
async def test_without_a_console_every_other_path_is_not_found(app: App, path: str):
    client = await call(app, Client(path, method="GET"))
    assert (404, "no_such_endpoint") == (client.status, client.document["error"]["code"])


async def test_with_a_console_only_paths_outside_v1_reach_it(app: App, worker: Worker):
    served: list[str] = []

    async def pages(exchange: Client) -> None:
        served.append(exchange.path)

    worker.pages = pages
    await call(app, Client("/admin/", method="GET"))
    await call(app, Client("/v1/unheard", method="GET"))
    assert ["/admin/"] == served


async def test_a_form_that_the_console_refuses_to_read_is_answered(app: App, worker: Worker):
    async def refuse(*_: object) -> None:
        raise TooLarge("Too large.", code="body_too_large")

    async def gone(*_: object) -> None:
        raise ClientGoneError

    worker.pages = refuse
    assert 413 == (await call(app, Client("/admin/"))).status
    worker.pages = gone
    assert (await call(app, Client("/admin/"))).status is None


async def test_models_are_listed_in_the_shape_of_the_sdk_that_asks(app: App):
    openai = await call(app, Client("/v1/models", method="GET", headers=HEADERS))
    anthropic = await call(app, Client("/v1/models", method="GET", headers={**HEADERS, "anthropic-version": "x"}))
    assert ("list", False) == (openai.document["object"], anthropic.document["has_more"])
    assert [model["id"] for model in openai.document["data"]] == [model["id"] for model in anthropic.document["data"]]
    assert openai.headers["x-request-id"].startswith("aigw_")


async def test_models_below_geminis_version_are_listed_in_its_shape_whatever_header_the_key_is_in(app: App):
    shown = await call(app, Client("/v1beta/models", method="GET", headers=HEADERS))
    key = HEADERS["authorization"].removeprefix("Bearer ")
    asked = await call(app, Client("/v1beta/models", method="GET", query=f"pageSize=5&key={key}"))
    assert shown.document == asked.document
    assert "models/openai/gpt-4o" in [model["name"] for model in shown.document["models"]]
    one = await call(app, Client("/v1beta/models/openai/gpt-4o", method="GET", headers=HEADERS))
    assert "models/openai/gpt-4o" == one.document["name"]


async def test_a_key_in_the_query_opens_no_other_door(app: App):
    key = HEADERS["authorization"].removeprefix("Bearer ")
    assert 401 == (await call(app, Client("/v1/models", method="GET", query=f"key={key}"))).status


@pytest.mark.parametrize("path", ["/v1beta/unheard", "/v1beta/", "/v1beta/models/none"])
async def test_what_is_not_below_geminis_version_is_not_found_in_its_envelope(app: App, path: str):
    client = await call(app, Client(path, method="GET", headers=HEADERS))
    assert (404, "NOT_FOUND") == (client.status, client.document["error"]["status"])


async def test_one_model_is_found_by_its_name_although_it_has_a_slash(app: App):
    client = await call(app, Client("/v1/models/openai/gpt-4o", method="GET", headers=HEADERS))
    assert "openai/gpt-4o" == client.document["id"]
    assert 404 == (await call(app, Client("/v1/models/none", method="GET", headers=HEADERS))).status


async def test_models_need_a_key(app: App, rig: Rig):
    assert 401 == (await call(app, Client("/v1/models", method="GET"))).status
    stranger = {"x-api-key": "stranger", "anthropic-version": "x"}
    client = await call(app, Client("/v1/models", method="GET", headers=stranger))
    assert (401, "error") == (client.status, client.document["type"])
    rig.keys.away = True
    assert 503 == (await call(app, Client("/v1/models", method="GET", headers=HEADERS))).status


async def test_a_fault_in_a_listing_shows_nothing_and_is_logged(app: App, rig: Rig):
    rig.configs.config = object()
    with capture_logs() as lines:
        client = await call(app, Client("/v1/models", method="GET", headers=HEADERS))
    assert ["fault"] == [line["event"] for line in lines]
    assert 500 == client.status
    assert "organizations" not in json.dumps(client.document)


async def test_before_the_first_configuration_a_listing_is_unavailable(app: App, rig: Rig):
    rig.configs.config = None
    client = await call(app, Client("/v1/models", method="GET", headers=HEADERS))
    assert (503, "1") == (client.status, client.headers["retry-after"])
