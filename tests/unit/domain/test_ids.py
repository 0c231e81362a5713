from headgate.domain.ids import new_request_id


def test_a_request_id_carries_its_time_and_its_chance():
    assert "aigw_1767268800000_0123456789abcdef" == new_request_id(1_767_268_800_000, "0123456789abcdef")
