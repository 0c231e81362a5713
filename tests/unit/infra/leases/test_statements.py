from headgate.domain.budget import WindowId
from headgate.infra.leases.rules import Row
from headgate.infra.leases.statements import PULSE, ROW, pulse_of, row_of, rows_of, states_of
from headgate.ledger.windows import Pulse, WindowState

COLUMNS = ("w", 100, 120, 3, 10, 20, 0, 1, 4)
STATE = WindowState(100, 120, 10, 20, True, 4)
NOTHING = (None,) * 9


def test_a_row_is_read_in_the_order_of_its_columns():
    expected = Row(
        id=WindowId("w"),
        limit=100,
        hard=120,
        limit_version=3,
        spent=10,
        leased=20,
        excess=0,
        scarce=True,
        recall_gen=4,
    )
    assert expected == row_of(COLUMNS) == rows_of([COLUMNS])["w"]
    assert len(ROW.split(", ")) == len(COLUMNS)
    assert {"w": STATE} == states_of([COLUMNS])


def test_a_pulse_without_anything_to_attend_to():
    assert Pulse(now=1.5, op_seq=7, open=True, owners=2, attention={}) == pulse_of([(1.5, 7, "open", 2, *NOTHING)])


def test_a_pulse_of_a_closed_or_unknown_owner_is_not_open():
    assert not pulse_of([(1.5, 7, "closed", 2, *NOTHING)]).open
    assert Pulse(now=1.5, op_seq=0, open=False, owners=2, attention={}) == pulse_of([(1.5, None, None, 2, *NOTHING)])


def test_a_pulse_names_every_window_that_needs_attention():
    found = [(1.5, 7, "open", 2, *COLUMNS), (1.5, 7, "open", 2, "v", *COLUMNS[1:])]
    assert {"w": STATE, "v": STATE} == pulse_of(found).attention


def test_the_pulse_is_written_for_both_ways_of_naming_a_parameter():
    assert 2 == PULSE.format(clock="1", owner="%(owner)s").count("%(owner)s")
