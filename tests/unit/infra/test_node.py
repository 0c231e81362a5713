from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headgate.infra.node import NODE_FILE, node_id


def test_a_node_keeps_its_id(tmp_path: Path):
    first = node_id(tmp_path / "data")
    assert 32 == len(first)
    assert first == node_id(tmp_path / "data")
    assert [NODE_FILE] == [path.name for path in (tmp_path / "data").iterdir()]


def test_two_nodes_have_different_ids(tmp_path: Path):
    assert node_id(tmp_path / "a") != node_id(tmp_path / "b")


def test_readers_that_come_later_agree(tmp_path: Path):
    first = node_id(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        assert {first} == set(pool.map(lambda _: node_id(tmp_path), range(20)))
