import pytest

from headgate.pipeline.doors import DOORS, SPOKEN, TRANSLATABLE, find_door
from headgate.translate.registry import codec_for, provider_codec_for


@pytest.mark.parametrize("path", DOORS)
def test_a_door_is_found_by_its_path(path: str):
    door = find_door(path)
    assert door is not None
    assert path == door.path


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/chat/completions/", "/", ""])
def test_nothing_else_is_a_door(path: str):
    assert find_door(path) is None


def test_what_a_door_translates_can_be_spoken_and_every_spoken_format_has_a_codec():
    assert TRANSLATABLE <= SPOKEN
    assert all(provider_codec_for(format_) for format_ in SPOKEN)
    assert all(codec_for(format_) for format_ in TRANSLATABLE)
