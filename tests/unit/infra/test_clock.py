import re

from headgate.infra import clock


def test_request_ids_carry_the_time_and_never_repeat():
    ids = {clock.request_id() for _ in range(1000)}
    assert 1000 == len(ids)
    before = int(clock.now() * 1000)
    match = re.fullmatch(r"aigw_(\d+)_[0-9a-f]{16}", clock.request_id())
    assert before <= int(match[1]) <= int(clock.now() * 1000)


def test_the_monotonic_clock_does_not_go_back():
    readings = [clock.monotonic() for _ in range(100)]
    assert sorted(readings) == readings
