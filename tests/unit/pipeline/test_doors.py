import pytest

from headgate.pipeline.doors import DOORS, find_door


@pytest.mark.parametrize("path", DOORS)
def test_a_door_is_found_by_its_path(path: str):
    door = find_door(path)
    assert door is not None
    assert path == door.path


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/chat/completions/", "/", ""])
def test_nothing_else_is_a_door(path: str):
    assert find_door(path) is None
