import asyncio
import sqlite3
from pathlib import Path

import pytest

from headgate.infra.settings import Settings
from headgate.pipeline.doors import CHAT
from headgate.server import compose
from headgate.server.app import App
from headgate.server.compose import Worker
from headgate.snapshot.contract import PublishedKey, encode_key, encode_snapshot
from tests.kit.fakes import KEY_HASH, PRINCIPAL, SECRET, chat_answer, snapshot_of, until
from tests.kit.replay import ReplayUpstream, Scripted
from tests.unit.infra.test_journal import records_in
from tests.unit.infra.test_store_sqlite import TABLES
from tests.unit.server.exchanges import BODY, HEADERS, Client, call


def publish(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    connection.execute("INSERT INTO headgate_publication VALUES (1, NULL)")
    connection.execute("INSERT INTO headgate_snapshot VALUES (1, ?)", (encode_snapshot(snapshot_of()),))
    key = encode_key(PublishedKey(principal=PRINCIPAL))
    connection.execute("INSERT INTO headgate_published_key VALUES (?, ?)", (KEY_HASH.hex(), key))
    connection.commit()
    connection.close()


@pytest.fixture
def upstream():
    with ReplayUpstream() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    database = f"sqlite:///{tmp_path}/headgate.sqlite3"
    return Settings(data_dir=tmp_path, database_url=database, secret=SECRET, config_poll_s=0.01, drain_s=5)


@pytest.fixture
def worker(settings: Settings, upstream: ReplayUpstream) -> Worker:
    return Worker(settings, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": upstream.url})


@pytest.mark.may_block
async def test_a_worker_serves_from_its_database_and_leaves_a_journal(
    worker: Worker, settings: Settings, upstream: ReplayUpstream
):
    publish(settings.data_dir / "headgate.sqlite3")
    upstream.script = Scripted(200, "application/json", chat_answer())
    await worker.start()
    assert ("current", 1) == (worker.readiness().configuration, worker.readiness().revision)
    client = await call(App(worker), Client(CHAT.path, BODY, headers=HEADERS))
    assert (200, chat_answer()) == (client.status, client.answer)
    assert "Bearer k" == upstream.asked[0].headers["authorization"]
    await worker.stop()
    folder = settings.data_dir / "journal" / worker.owner
    assert ["Sent", "Settled", "Logged"] == [type(record).__name__ for record in records_in(folder)]


@pytest.mark.may_block
async def test_a_worker_without_a_database_is_not_ready_and_becomes_ready_when_it_comes(
    worker: Worker, settings: Settings
):
    await worker.start()
    assert (False, "missing") == (worker.readiness().ready, worker.readiness().configuration)
    publish(settings.data_dir / "headgate.sqlite3")
    await until(lambda: worker.readiness().ready)
    await worker.stop()


@pytest.mark.may_block
async def test_a_database_that_goes_away_makes_the_configuration_stale_and_serving_goes_on(
    worker: Worker, settings: Settings, upstream: ReplayUpstream
):
    database = settings.data_dir / "headgate.sqlite3"
    publish(database)
    await worker.start()
    upstream.script = Scripted(200, "application/json", chat_answer())
    app = App(worker)
    assert 200 == (await call(app, Client(CHAT.path, BODY, headers=HEADERS))).status
    worker.feed._store.close()
    database.rename(database.with_suffix(".away"))
    await until(lambda: worker.readiness().configuration == "stale")
    assert worker.readiness().ready
    assert 200 == (await call(app, Client(CHAT.path, BODY, headers=HEADERS))).status
    stranger = {"authorization": "Bearer never-seen"}
    assert 503 == (await call(app, Client(CHAT.path, BODY, headers=stranger))).status
    await worker.stop()


@pytest.mark.may_block
async def test_the_journal_is_synced_and_its_next_segment_prepared(worker: Worker, monkeypatch: pytest.MonkeyPatch):
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(compose, "SYNC_INTERVAL_S", 0.001)
    monkeypatch.setattr(type(worker.journal), "needs_segment", property(lambda _: True))
    monkeypatch.setattr(worker.journal, "prepare", lambda: loop.call_soon_threadsafe(done.set))
    await worker.start()
    async with asyncio.timeout(10):
        await done.wait()
    await worker.stop()


@pytest.mark.may_block
async def test_a_stop_waits_for_running_requests_but_not_for_ever(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    patient = Worker(settings, {})
    await patient.start()
    patient.handler.running = 1
    stopping = asyncio.ensure_future(patient.stop())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not stopping.done()
    patient.handler.running = 0
    await stopping
    now = [0.0]
    impatient = Worker(settings, {})
    await impatient.start()
    impatient.handler.running = 1
    monkeypatch.setattr(compose.clock, "monotonic", lambda: now.append(now[-1] + 3) or now[-1])
    await impatient.stop()
    assert now[-1] >= 5
