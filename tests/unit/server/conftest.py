import pytest

from headgate.server.door import DoorHandler
from tests.kit.fakes import Rig
from tests.unit.server.exchanges import receiving


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def handler(rig: Rig) -> DoorHandler:
    return DoorHandler(rig.pipeline, rig.clock, receiving(1_000))
