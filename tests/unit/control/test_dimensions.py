from headgate.control.dimensions import OUTCOMES, text
from headgate.domain.outcome import Outcome


def test_every_outcome_can_be_stored_and_filtered():
    assert [outcome.value for outcome in Outcome] == [value for value, _ in OUTCOMES]


def test_what_callers_write_has_no_length():
    assert text().max_length is None
    assert (True, False) == (text().null, text(null=False).null)
