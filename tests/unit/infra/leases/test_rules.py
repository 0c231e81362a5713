import pytest

from headgate.domain.budget import LeaseClass, WindowId
from headgate.infra.leases.rules import (
    NotLeasedError,
    Row,
    in_order,
    is_repeated,
    judge_draw,
    judge_return,
    limited,
    opened,
)
from headgate.ledger.windows import WindowState
from headgate.pipeline.ports import OwnerClosedError
from tests.kit.leases import take, window

W, V = WindowId("w"), WindowId("v")


def row(name: str = "w", **changes: int) -> Row:
    whole = {"limit": 100, "hard": 120, "limit_version": 1, "spent": 0, "leased": 0, "excess": 0, "recall_gen": 0}
    return Row(id=WindowId(name), scarce=False, **(whole | changes))


def test_locks_are_taken_in_the_order_of_bytes():
    names = ["é", "a", "Z", "🦊", "a.b", "ﬀ"]
    ordered = [drawing.window.id for drawing in in_order(take(window(name), 1) for name in names)]
    assert sorted(names, key=str.encode) == ordered


def test_two_needs_of_one_lease_are_one_and_classes_stay_apart():
    drawings = [take(window(), 3, critical=True), take(window(), 1, typical=9), take(window(), 2, typical=4)]
    assert [take(window(), 3, typical=9), take(window(), 3, critical=True)] == in_order(drawings)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_is_more_than_nothing(amount: int):
    with pytest.raises(ValueError, match="w: "):
        in_order([take(window(), amount)])


@pytest.mark.parametrize(("seq", "expected"), [(7, True), (8, False)])
def test_a_number_is_the_last_one_or_the_next(seq: int, expected: bool):
    assert expected == is_repeated("a", seq, op_seq=7, state="open")


@pytest.mark.parametrize(("seq", "state"), [(6, "open"), (9, "open"), (7, "closed"), (8, "closed"), (8, "unknown")])
def test_any_other_number_and_a_closed_owner_are_refused(seq: int, state: str):
    with pytest.raises(OwnerClosedError):
        is_repeated("a", seq, op_seq=7, state=state)


def test_a_draw_stays_below_the_cap_of_its_class():
    full = {W: row(spent=60, leased=30)}
    assert not judge_draw(full, [take(window(), 10)], owners=1).missed
    assert {W} == judge_draw(full, [take(window(), 11)], owners=1).missed
    assert not judge_draw(full, [take(window(), 30, critical=True)], owners=1).missed
    assert {W} == judge_draw(full, [take(window(), 31, critical=True)], owners=1).missed


def test_one_miss_leaves_all_rows_as_they_were():
    rows = {W: row(leased=95)}
    judged = judge_draw(rows, in_order([take(window("w"), 6), take(window("v"), 6)]), owners=1)
    assert ({W}, {W: row(leased=95), V: opened(window("v"))}) == judged
    assert {W: row(leased=95).state, V: WindowState(100, 100, 0, 0, False, 0)} == judged.states


def test_a_draw_leaves_what_is_spent_and_recalled_alone():
    judged = judge_draw({W: row(spent=5, recall_gen=3)}, [take(window(), 10)], owners=1)
    assert row(spent=5, recall_gen=3, leased=10) == judged.rows[W]


def test_a_newer_limit_counts_before_the_draw_and_an_older_one_does_not():
    lower = window(limit=50, hard=60, limit_version=2)
    assert {W} == judge_draw({W: row(leased=50)}, [take(lower, 1)], owners=1).missed
    older = window(limit=1_000, hard=1_000, limit_version=0)
    assert {W} == judge_draw({W: row(leased=100)}, [take(older, 1)], owners=1).missed


def test_a_lowered_limit_leaves_an_excess():
    assert row(limit=10, hard=20, limit_version=2, leased=30, spent=5, excess=15) == limited(
        row(leased=30, spent=5), 10, 20, 2
    )
    unchanged = row(leased=30, limit_version=2)
    assert unchanged == limited(unchanged, 10, 20, 2)


def test_a_return_shrinks_the_excess():
    over = {W: row(hard=100, spent=90, leased=30, excess=20)}
    after = judge_return(over, [take(window(), 15)], owners=1)
    assert (15, 5) == (after[W].leased, after[W].excess)
    assert 0 == judge_return(over, [take(window(), 30)], owners=1)[W].excess


@pytest.mark.parametrize("rows", [{}, {W: row(leased=4)}])
def test_nothing_that_is_not_leased_comes_back(rows: dict[WindowId, Row]):
    with pytest.raises(NotLeasedError):
        judge_return(rows, [take(window(), 5)], owners=1)


@pytest.mark.parametrize(("owners", "typical", "scarce"), [(1, 5, False), (2, 5, False), (3, 5, True), (2, 6, True)])
def test_scarce_is_less_room_than_two_typical_holds_of_each_worker(owners: int, typical: int, scarce: bool):
    judged = judge_draw({W: row(spent=50, leased=20)}, [take(window(), 10, typical=typical)], owners=owners)
    assert scarce == judged.rows[W].scarce
    returned = judge_return({W: row(spent=50, leased=40)}, [take(window(), 10, typical=typical)], owners=owners)
    assert scarce == returned[W].scarce


def test_the_critical_class_is_judged_after_the_normal_one():
    both = in_order([take(window(), 20, critical=True), take(window(), 100)])
    assert [LeaseClass.NORMAL, LeaseClass.CRITICAL] == [drawing.lease_class for drawing in both]
    assert 120 == judge_draw({W: row()}, both, owners=1).rows[W].leased
