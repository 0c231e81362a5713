import os
from pathlib import Path

from headgate.infra.ingest_lock import ingest_runs, take_ingest_lock


def test_whoever_ingests_is_seen_until_he_lets_go(tmp_path: Path):
    assert not ingest_runs(tmp_path)
    held = take_ingest_lock(tmp_path)
    assert held is not None
    assert ingest_runs(tmp_path)
    assert take_ingest_lock(tmp_path) is None
    os.close(held)
    assert not ingest_runs(tmp_path)


def test_looking_takes_nothing(tmp_path: Path):
    assert not ingest_runs(tmp_path)
    held = take_ingest_lock(tmp_path)
    assert held is not None
    os.close(held)


def test_in_a_folder_that_nobody_has_made_yet_no_ingest_runs(tmp_path: Path):
    assert not ingest_runs(tmp_path / "data")
    assert not (tmp_path / "data").exists()
