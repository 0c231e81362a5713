import pytest

from headgate.server.door import DoorHandler
from tests.kit.fakes import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def handler(rig: Rig) -> DoorHandler:
    return DoorHandler(rig.pipeline, rig.clock, max_body_bytes=1_000)
