import asyncio
import threading

import pytest
from structlog.testing import capture_logs

from headgate.infra.signing.fresh import PATIENCE_S, Age, Fresh, Loaded, NoCredentialError
from tests.kit.fakes import FakeClock, until


class Numbered:
    """A source that gives 1, 2, 3; a fetch waits for `gate`, and fails while `broken`."""

    def __init__(self) -> None:
        self.fetches = 0
        self.threads: set[str] = set()
        self.broken: Exception | None = None
        self.after = Age.FRESH
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self) -> int:
        self.fetches += 1
        self.threads.add(threading.current_thread().name)
        self.gate.wait(10)
        if self.broken is not None:
            raise self.broken
        return self.fetches

    def age(self) -> Age:
        return self.after if self.fetches else Age.DEAD


def fresh(source: Numbered) -> tuple[Fresh[int], FakeClock]:
    clock = FakeClock()
    return Fresh(source, clock.monotonic), clock


async def test_it_is_fetched_once_in_another_thread_whoever_asks():
    source = Numbered()
    source.gate.clear()
    credential, _ = fresh(source)
    asking = [asyncio.create_task(credential.get()) for _ in range(5)]
    await until(lambda: source.fetches)
    source.gate.set()
    assert [1] * 5 == await asyncio.gather(*asking)
    assert 1 == await credential.get()
    assert 1 == source.fetches
    assert threading.current_thread().name not in source.threads


async def test_a_stale_one_is_shown_while_the_next_one_is_fetched():
    source = Numbered()
    credential, _ = fresh(source)
    assert 1 == await credential.get()
    source.after = Age.STALE
    source.gate.clear()
    assert [1, 1] == [await credential.get(), await credential.get()]
    await until(lambda: source.fetches == 2)
    source.gate.set()
    source.after = Age.FRESH
    while await credential.get() == 1:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)
    assert (2, 2) == (await credential.get(), source.fetches)


async def test_a_dead_one_is_never_shown():
    source = Numbered()
    credential, _ = fresh(source)
    assert 1 == await credential.get()
    source.after = Age.DEAD
    assert 2 == await credential.get()


async def test_a_fetch_ahead_that_fails_harms_nobody_and_is_tried_again_after_a_while():
    source = Numbered()
    credential, clock = fresh(source)
    await credential.get()
    source.after = Age.STALE
    source.broken = NoCredentialError("Away.")
    with capture_logs() as logs:
        assert 1 == await credential.get()
        await until(lambda: logs)
        assert 1 == await credential.get()
    assert [("credential_not_fetched", "Away.")] == [(line["event"], line["reason"]) for line in logs]
    assert 2 == source.fetches
    clock.advance(PATIENCE_S)
    source.broken = None
    assert 1 == await credential.get()
    await until(lambda: source.fetches == 3)


async def test_without_one_everybody_who_asks_learns_why_and_the_next_one_tries_again():
    source = Numbered()
    source.broken = NoCredentialError("Set it up.")
    credential, _ = fresh(source)
    for _ in range(2):
        with pytest.raises(NoCredentialError, match="Set it up"):
            await credential.get()
        source.after = Age.DEAD
    assert 2 == source.fetches


async def test_what_is_logged_of_an_unexpected_error_is_its_kind_alone():
    source = Numbered()
    source.broken = ValueError("the secret is hunter2")
    credential, _ = fresh(source)
    with capture_logs() as logs, pytest.raises(ValueError, match="hunter2"):
        await credential.get()
    assert ["ValueError"] == [line["reason"] for line in logs]


async def test_who_gives_up_waiting_does_not_end_the_fetch():
    source = Numbered()
    source.gate.clear()
    credential, _ = fresh(source)
    impatient = asyncio.create_task(credential.get())
    await until(lambda: source.fetches)
    impatient.cancel()
    source.gate.set()
    assert 1 == await credential.get()
    assert 1 == source.fetches


def test_a_source_is_loaded_when_it_is_first_asked():
    loads: list[Numbered] = []

    def load() -> Numbered:
        loads.append(Numbered())
        return loads[-1]

    source = Loaded(load)
    assert (Age.DEAD, []) == (source.age(), loads)
    assert [1, 2] == [source.fetch(), source.fetch()]
    assert (Age.FRESH, 1) == (source.age(), len(loads))
