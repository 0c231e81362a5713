import pytest

from headgate.domain.ids import RequestId
from headgate.domain.trace import run_id_of

REQUEST = RequestId("aigw_1767268800123_00000000000000ab")


def test_a_request_has_the_same_name_whoever_asks_and_whenever():
    assert "019b796d-d67b-7" == str(run_id_of(REQUEST))[:15]
    assert run_id_of(REQUEST) == run_id_of(REQUEST)


def test_requests_and_attempts_have_names_of_their_own():
    other = RequestId("aigw_1767268800123_00000000000000ac")
    names = {run_id_of(request, attempt) for request in (REQUEST, other) for attempt in (None, 1, 2)}
    assert 6 == len(names)


@pytest.mark.parametrize("request_id", [REQUEST, "aigw_1_a", "made elsewhere", "aigw_x_y", f"aigw_{2**60}_a"])
def test_names_are_uuids_of_version_7(request_id: str):
    found = run_id_of(RequestId(request_id))
    assert (7, "specified in RFC 4122") == (found.version, found.variant)


def test_names_are_in_the_order_of_time():
    names = [run_id_of(RequestId(f"aigw_{1767268800123 + later}_a")) for later in range(50)]
    assert sorted(names) == names
