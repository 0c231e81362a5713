import re

from headgate.control.identifiers import new_id


def test_ids_are_32_hex_digits_and_never_the_same():
    ids = {new_id() for _ in range(1000)}
    assert 1000 == len(ids)
    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in ids)
