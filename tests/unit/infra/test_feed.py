import asyncio
from collections.abc import Callable

import msgspec
import pytest

from headgate.domain.errors import Unavailable
from headgate.domain.prices import Match
from headgate.infra import feed as feed_module
from headgate.infra.feed import Feed
from headgate.infra.routes import routes_of
from headgate.infra.store import Publication, StoreError
from headgate.snapshot.contract import PublishedKey, Snapshot, encode_key, encode_snapshot
from tests.kit.fakes import ENVIRON, KEY_HASH, PRINCIPAL, SECRET, price_card, snapshot_of, until


class MemoryStore:
    """The published tables, in memory."""

    def __init__(self) -> None:
        self.published: list[Publication] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.keys: dict[str, bytes] = {}
        self.away = False
        self.reads = 0
        self.after_key: Callable[[], None] = lambda: None

    @property
    def revision(self) -> int:
        return self.published[-1].revision if self.published else 0

    def publish(self, snapshot: Snapshot | bytes) -> None:
        payload = snapshot if isinstance(snapshot, bytes) else encode_snapshot(snapshot)
        self.published.append(Publication(self.revision + 1, None))
        self.snapshots.append((self.revision, payload))

    def publish_key(self, key_hash: bytes, payload: bytes | None) -> None:
        if payload is None:
            del self.keys[key_hash.hex()]
        else:
            self.keys[key_hash.hex()] = payload
        self.published.append(Publication(self.revision + 1, key_hash.hex()))

    def prune(self, kept: int) -> None:
        self.published = self.published[-kept:]

    def _answer(self) -> None:
        self.reads += 1
        if self.away:
            raise StoreError("headgate.sqlite3: unable to open database file")

    def publications(self, after: int) -> list[Publication]:
        self._answer()
        return [publication for publication in self.published if publication.revision > after]

    def oldest_revision(self) -> int | None:
        self._answer()
        return self.published[0].revision if self.published else None

    def snapshot(self) -> tuple[int, bytes] | None:
        self._answer()
        return self.snapshots[-1] if self.snapshots else None

    def key(self, key_hash: str) -> bytes | None:
        self._answer()
        found = self.keys.get(key_hash)
        self.after_key()
        return found


GOOD = encode_key(PublishedKey(principal=PRINCIPAL))


@pytest.fixture
def store() -> MemoryStore:
    filled = MemoryStore()
    filled.publish(snapshot_of())
    filled.publish_key(KEY_HASH, GOOD)
    return filled


@pytest.fixture
def feed(store: MemoryStore):
    opened = Feed(store, lambda snapshot: routes_of(snapshot, environ=ENVIRON, secret=SECRET), poll_s=0.001)
    yield opened
    opened.close()


async def test_before_the_first_snapshot_nothing_can_be_served(feed: Feed, store: MemoryStore):
    store.away = True
    await feed.refresh()
    with pytest.raises(Unavailable) as refusal:
        feed.current()
    assert ("not_ready", 503) == (refusal.value.code, refusal.value.status)
    assert not feed.answering


async def test_a_snapshot_is_compiled_and_in_force(feed: Feed):
    await feed.refresh()
    config = feed.current()
    assert 1 == config.revision
    assert ["env:openai"] == [
        target.deployment_id for target in config.routes.targets("gpt-4o", organization_id="x", shared=True)
    ]
    assert feed.answering


async def test_a_new_snapshot_replaces_the_old_one_and_an_old_one_is_not_read_again(feed: Feed, store: MemoryStore):
    await feed.refresh()
    first = feed.current()
    await feed.refresh()
    assert feed.current() is first
    store.publish(snapshot_of(cards=()))
    await feed.refresh()
    assert (3, ()) == (feed.current().revision, feed.current().cards)


async def test_a_change_of_a_key_alone_does_not_compile_the_snapshot_again(feed: Feed, store: MemoryStore):
    await feed.refresh()
    first = feed.current()
    store.publish_key(KEY_HASH, GOOD)
    await feed.refresh()
    assert feed.current() is first


async def test_a_key_is_read_once_and_then_served_from_memory(feed: Feed, store: MemoryStore):
    await feed.refresh()
    assert feed.cached(KEY_HASH) is None
    assert PRINCIPAL == await feed.find(KEY_HASH)
    assert PRINCIPAL == feed.cached(KEY_HASH)


async def test_a_revoked_key_is_gone_with_the_next_refresh(feed: Feed, store: MemoryStore):
    await feed.refresh()
    await feed.find(KEY_HASH)
    store.publish_key(KEY_HASH, None)
    await feed.refresh()
    assert feed.cached(KEY_HASH) is None
    assert await feed.find(KEY_HASH) is None


@pytest.mark.parametrize("lookup_first", [True, False])
async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered(
    feed: Feed, store: MemoryStore, lookup_first: bool
):
    await feed.refresh()

    def revoke() -> None:
        if KEY_HASH.hex() in store.keys:
            store.publish_key(KEY_HASH, None)

    store.after_key = revoke
    lookup, refresh = feed.find(KEY_HASH), feed.refresh()
    await asyncio.gather(*([lookup, refresh] if lookup_first else [refresh, lookup]))
    await feed.refresh()
    assert feed.cached(KEY_HASH) is None
    assert await feed.find(KEY_HASH) is None


async def test_a_lookup_that_a_publication_overtakes_is_not_remembered(
    feed: Feed, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
):
    await feed.refresh()
    read, overtaken = asyncio.Event(), asyncio.Event()
    in_thread = feed._in_thread

    async def slow(work: Callable[[], object]) -> object:
        found = await in_thread(work)
        if found == GOOD:
            read.set()
            await overtaken.wait()
        return found

    monkeypatch.setattr(feed, "_in_thread", slow)
    lookup = asyncio.ensure_future(feed.find(KEY_HASH))
    await read.wait()
    store.publish_key(KEY_HASH, None)
    await feed.refresh()
    overtaken.set()
    await lookup
    assert feed.cached(KEY_HASH) is None


async def test_while_the_store_is_away_known_keys_go_on_and_unknown_ones_are_unavailable(
    feed: Feed, store: MemoryStore
):
    await feed.refresh()
    await feed.find(KEY_HASH)
    store.away = True
    await feed.refresh()
    assert (PRINCIPAL, 1, False) == (feed.cached(KEY_HASH), feed.current().revision, feed.answering)
    with pytest.raises(Unavailable) as refusal:
        await feed.find(b"never seen")
    assert ("key_store_unavailable", 503) == (refusal.value.code, refusal.value.status)
    store.away = False
    await feed.refresh()
    assert feed.answering


async def test_a_stranger_is_looked_up_once_until_something_is_published(feed: Feed, store: MemoryStore):
    await feed.refresh()
    assert await feed.find(b"stranger") is None
    reads = store.reads
    assert await feed.find(b"stranger") is None
    assert reads == store.reads
    store.publish_key(b"stranger", GOOD)
    await feed.refresh()
    assert PRINCIPAL == await feed.find(b"stranger")


async def test_a_snapshot_of_another_contract_keeps_the_old_one_and_revocations_still_count(
    feed: Feed, store: MemoryStore
):
    await feed.refresh()
    await feed.find(KEY_HASH)
    store.publish(msgspec.msgpack.encode({"version": 99, "organizations": [], "deployments": [], "cards": []}))
    store.publish_key(KEY_HASH, None)
    await feed.refresh()
    assert (1, False) == (feed.current().revision, feed.answering)
    assert feed.cached(KEY_HASH) is None
    assert await feed.find(KEY_HASH) is None
    store.publish(snapshot_of(cards=()))
    await feed.refresh()
    assert (5, True) == (feed.current().revision, feed.answering)


async def test_a_key_of_another_contract_is_unavailable_and_not_unknown(feed: Feed, store: MemoryStore):
    await feed.refresh()
    store.publish_key(KEY_HASH, b"\xc1")
    with pytest.raises(Unavailable):
        await feed.find(KEY_HASH)


async def test_a_snapshot_that_cannot_be_compiled_keeps_the_old_one(feed: Feed, store: MemoryStore):
    await feed.refresh()
    broken = price_card("openai", "odd", match=Match(regex="("))
    store.publish(snapshot_of(cards=(broken,)))
    await feed.refresh()
    assert (1, False) == (feed.current().revision, feed.answering)


async def test_where_publications_were_pruned_everything_is_read_again(feed: Feed, store: MemoryStore):
    await feed.refresh()
    await feed.find(KEY_HASH)
    store.publish_key(KEY_HASH, None)
    store.publish(snapshot_of(cards=()))
    store.publish_key(b"another key", GOOD)
    store.prune(1)
    await feed.refresh()
    assert feed.cached(KEY_HASH) is None
    assert () == feed.current().cards


async def test_following_goes_on_after_a_failure(feed: Feed, store: MemoryStore):
    store.away = True
    following = asyncio.ensure_future(feed.follow())
    await until(lambda: store.reads >= 3)
    store.away = False
    await until(lambda: feed._config is not None)
    following.cancel()
    assert 1 == feed.current().revision


async def test_memory_is_bounded(feed: Feed, store: MemoryStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed_module, "MAX_KEYS", 2)
    monkeypatch.setattr(feed_module, "MAX_STRANGERS", 2)
    for name in (b"a", b"b", b"c"):
        store.publish_key(name, GOOD)
    await feed.refresh()
    for name in (b"a", b"b", b"c", b"x", b"y", b"z"):
        await feed.find(name)
    assert [None, PRINCIPAL, PRINCIPAL] == [feed.cached(name) for name in (b"a", b"b", b"c")]
    assert 2 == len(feed._strangers)
