import uuid

import pytest
from langsmith._internal._sampling import is_sampled_by_id

from headgate.control.sinks.sampling import is_sampled

IDS = [str(uuid.UUID(int=number * 0x1234_5678_9ABC_DEF0_1234_5678)) for number in range(3000)]


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.1, 0.5, 0.999, 1.0])
def test_it_decides_as_langsmiths_own_sdk(rate: float):
    assert [is_sampled_by_id(each, rate) for each in IDS] == [is_sampled(each, rate) for each in IDS]


def test_a_tenth_is_about_a_tenth_and_none_is_none():
    assert 200 < sum(is_sampled(each, 0.1) for each in IDS) < 400
    assert 0 == sum(is_sampled(each, 0.0) for each in IDS)
