from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.served import Asked


def test_knobs_may_come_in_a_header():
    asked = Asked("/v1/rerank", b"{}", {b"x-simulate": b'{"no_usage":true}'}, NO_KNOBS, "00", 1)
    assert b'{"no_usage":true}' == asked.knobs_header
    assert Asked("/v1/rerank", b"{}", {}, NO_KNOBS, "00", 1).knobs_header is None
