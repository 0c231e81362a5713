import fcntl
import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from headgate.control.ledger.freshness import REPORT_EVERY
from headgate.control.ledger.models import CostEvent, Cursor, IngestState, Owner, OwnerState
from headgate.control.ledger.operations import CursorMovedError
from headgate.control.requestlog.models import RequestLog
from headgate.domain.ids import OwnerId, RequestId
from headgate.infra import clock
from headgate.infra.journal import FileJournal
from headgate.infra.node import node_id
from headgate.worker import ingest as ingest_module
from headgate.worker.ingest import AnotherIngestError, Ingest
from tests.kit.books import logged, sent, settled

pytestmark = pytest.mark.django_db
OWNER = OwnerId("a" * 32)


@pytest.fixture
def journal(tmp_path: Path):
    return FileJournal(tmp_path, OWNER, node="this-node", boot_id="this-boot")


@pytest.fixture
def ingest(tmp_path: Path):
    opened = Ingest(tmp_path)
    yield opened
    stopped = threading.Event()
    stopped.set()
    opened.run(stopped)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Monotonic time, to be moved by hand."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def one(journal: FileJournal, name: str) -> None:
    journal.open_attempt(sent(request_id=RequestId(name)))
    journal.append(settled(request_id=RequestId(name)), logged(request_id=RequestId(name)))
    journal.close_attempt()


def events() -> list[str]:
    return sorted(CostEvent.objects.values_list("pk", flat=True))


def logs() -> list[str]:
    return sorted(RequestLog.objects.values_list("pk", flat=True))


def test_what_a_living_gateway_wrote_is_posted(ingest: Ingest, journal: FileJournal):
    one(journal, "aigw_1_a")
    assert ingest.step()
    assert (["aigw_1_a:1"], ["aigw_1_a"]) == (events(), logs())
    owner = Owner.objects.get()
    assert (OWNER, "this-node", "this-boot", OwnerState.OPEN) == (owner.id, owner.node, owner.boot_id, owner.state)
    assert not ingest.step()
    journal.close()


def test_a_dead_gateways_orphans_are_booked_and_its_books_closed_once(ingest: Ingest, journal: FileJournal):
    one(journal, "aigw_1_a")
    journal.open_attempt(sent(request_id=RequestId("aigw_2_b")))
    journal.close()
    while ingest.step():
        pass
    assert (["aigw_1_a:1", "aigw_2_b:1"], ["aigw_1_a", "aigw_2_b"]) == (events(), logs())
    orphan = CostEvent.objects.get(pk="aigw_2_b:1")
    assert (9_000, True, "orphaned") == (orphan.amount_nano, orphan.estimated, orphan.error)
    assert OwnerState.CLOSED == Owner.objects.get().state
    assert not journal.folder.exists()


def test_a_run_that_ended_before_it_removed_the_journal_is_finished(
    ingest: Ingest, journal: FileJournal, monkeypatch: pytest.MonkeyPatch, time: list[float]
):
    journal.open_attempt(sent())
    journal.close()
    with monkeypatch.context() as killed:
        killed.setattr("headgate.worker.follower.Follower.remove", lambda _: (_ for _ in ()).throw(OSError("killed")))
        assert not ingest.step()
    assert OwnerState.CLOSED == Owner.objects.get().state
    time[0] += 60
    while ingest.step():
        pass
    assert ["aigw_1_a:1"] == events()
    assert not journal.folder.exists()


def test_a_journal_that_cannot_be_posted_is_parked_with_an_alarm_and_tried_again(
    ingest: Ingest, journal: FileJournal, monkeypatch: pytest.MonkeyPatch, time: list[float]
):
    one(journal, "aigw_1_a")
    tries: list[float] = []

    def refuse(_: object) -> None:
        tries.append(time[0])
        raise OSError("database is locked")

    with monkeypatch.context() as locked, capture_logs() as lines:
        locked.setattr(ingest_module, "post", refuse)
        for _ in range(200):
            assert not ingest.step()
            time[0] += 0.5
    pauses = [after - before for before, after in pairwise(tries)]
    assert 1.0 == pauses[0]
    assert pauses == sorted(pauses)
    assert 30.0 == max(pauses)
    assert {("journal_parked", OWNER)} == {(line["event"], line["owner"]) for line in lines}
    time[0] += 60
    assert ingest.step()
    assert ["aigw_1_a:1"] == events()
    journal.close()


def test_a_parked_journal_does_not_hold_up_the_others(
    tmp_path: Path, ingest: Ingest, journal: FileJournal, time: list[float]
):
    journal.append(settled(), logged())
    other = FileJournal(tmp_path, OwnerId("b" * 32), node="n", boot_id="b")
    one(other, "aigw_2_b")
    with capture_logs() as lines:
        assert ingest.step()
    assert ["aigw_2_b:1"] == events()
    assert ["journal_parked"] == [line["event"] for line in lines]
    journal.close()
    other.close()


def test_a_corrupt_journal_is_never_skipped_nor_closed(ingest: Ingest, journal: FileJournal, time: list[float]):
    journal.append(settled(), logged())
    journal.close()
    with capture_logs():
        for _ in range(10):
            assert not ingest.step()
            time[0] += 60
    assert ([], OwnerState.OPEN) == (events(), Owner.objects.get().state)
    assert journal.folder.exists()


def test_when_the_cursor_was_moved_by_somebody_else_nothing_is_posted_twice(
    ingest: Ingest, journal: FileJournal, time: list[float]
):
    one(journal, "aigw_1_a")
    assert ingest.step()
    posted = Cursor.objects.get().posted
    one(journal, "aigw_2_b")
    Cursor.objects.update(posted=0, low_watermark=0)
    with capture_logs() as lines:
        assert not ingest.step()
    assert isinstance(lines[0]["exc_info"], CursorMovedError)
    time[0] += 60
    while ingest.step():
        pass
    assert ["aigw_1_a:1", "aigw_2_b:1"] == events()
    assert Cursor.objects.get().posted > posted
    journal.close()


def test_a_folder_that_is_being_set_up_is_left_alone(tmp_path: Path, ingest: Ingest):
    (tmp_path / "journal" / f"new-{OWNER}").mkdir()
    (tmp_path / "journal" / "a file").write_text("")
    assert not ingest.step()
    assert 0 == Owner.objects.count()


def test_what_a_writer_left_that_died_while_it_set_up_is_removed_at_the_next_start(tmp_path: Path):
    dead, setting_up = (tmp_path / "journal" / f"new-{name * 32}" for name in "de")
    for folder in (dead, setting_up):
        folder.mkdir(parents=True)
        (folder / "lock").touch()
    with (setting_up / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        Ingest(tmp_path)
    assert not dead.exists()
    assert setting_up.exists()


def test_only_one_ingest_runs_on_a_node(tmp_path: Path, ingest: Ingest):
    with pytest.raises(AnotherIngestError):
        Ingest(tmp_path)


def test_told_to_stop_it_still_posts_what_is_there(tmp_path: Path, journal: FileJournal):
    one(journal, "aigw_1_a")
    stop = threading.Event()
    stop.set()
    Ingest(tmp_path).run(stop)
    assert ["aigw_1_a:1"] == events()
    Ingest(tmp_path).run(stop)
    journal.close()


def test_told_to_stop_it_tries_parked_journals_once_more(
    tmp_path: Path, journal: FileJournal, monkeypatch: pytest.MonkeyPatch, time: list[float]
):
    one(journal, "aigw_1_a")
    ingest = Ingest(tmp_path)
    with monkeypatch.context() as away, capture_logs() as lines:
        away.setattr(ingest_module, "post", lambda _: (_ for _ in ()).throw(OSError("away")))
        assert not ingest.step()
    assert ["journal_parked"] == [line["event"] for line in lines]
    stop = threading.Event()
    stop.set()
    ingest.run(stop)
    assert ["aigw_1_a:1"] == events()
    journal.close()


def test_open_attempts_survive_a_restart_of_ingest(tmp_path: Path, journal: FileJournal):
    stop = threading.Event()
    stop.set()
    journal.open_attempt(sent(request_id=RequestId("aigw_1_a")))
    one(journal, "aigw_2_b")
    Ingest(tmp_path).run(stop)
    journal.append(settled(request_id=RequestId("aigw_1_a")), logged(request_id=RequestId("aigw_1_a")))
    Ingest(tmp_path).run(stop)
    assert ["aigw_1_a:1", "aigw_2_b:1"] == events()
    assert 1_234 == CostEvent.objects.get(pk="aigw_1_a:1").amount_nano
    journal.close()


def test_it_says_now_and_then_how_far_the_books_are(
    ingest: Ingest, journal: FileJournal, tmp_path: Path, time: list[float], monkeypatch: pytest.MonkeyPatch
):
    moments = iter(range(100, 200))
    monkeypatch.setattr(clock, "now", lambda: float(next(moments)))

    def a_round() -> IngestState:
        stop = threading.Event()
        monkeypatch.setattr(stop, "wait", lambda _: stop.set())
        ingest.run(stop)
        ingest._lock = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)  # a run ends by closing it
        return IngestState.objects.get()

    one(journal, "aigw_1_a")
    state = a_round()
    assert (node_id(tmp_path), 0) == (state.node, state.parked)
    assert state.caught_up_at == state.seen_at
    assert state.caught_up_at == a_round().caught_up_at, "not at every round"
    time[0] += REPORT_EVERY.total_seconds()
    with monkeypatch.context() as broken:
        broken.setattr(ingest_module, "post", fail)
        one(journal, "aigw_1_b")
        parked = a_round()
    assert (1, state.caught_up_at) == (parked.parked, parked.caught_up_at)
    assert parked.seen_at > state.seen_at


def test_a_report_that_cannot_be_written_stops_nothing(
    ingest: Ingest, journal: FileJournal, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ingest_module, "note_ingest", fail)
    one(journal, "aigw_1_a")
    with capture_logs() as lines:
        ingest._report(100.0)
    assert ["ingest_not_reported"] == [line["event"] for line in lines]
    assert ingest.step()


def fail(*_: object, **__: object) -> None:
    raise OSError("the database is away")
