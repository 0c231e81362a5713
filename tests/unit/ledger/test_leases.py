"""What one worker has drawn: synchronous, and exact to the last unit."""

from headgate.domain.budget import LeaseClass
from headgate.ledger.leases import COST_SPAN_S, IDLE_S, Account, LeaseBook, Need
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import WindowState
from tests.kit.leases import take, window

NORMAL, CRITICAL = LeaseClass.NORMAL, LeaseClass.CRITICAL
V, W = window("v", 1_000), window("w", 1_000)


def state(spent: int = 0, leased: int = 0, *, limit: int = 1_000, scarce: bool = False) -> WindowState:
    return WindowState(limit=limit, hard=2 * limit, spent=spent, leased=leased, scarce=scarce, recall_gen=0)


def book(**free: int) -> LeaseBook:
    """A book with so much free by window."""
    made = LeaseBook()
    for name, amount in free.items():
        made.account(window(name, 1_000), 0)
        if amount:
            made.drawn([take(window(name, 1_000), amount)])
    return made


def purse(made: LeaseBook, name: str = "w", lease_class: LeaseClass = NORMAL) -> tuple[int, int]:
    found = made.accounts[name].purse(lease_class)
    return found.free, found.held


def test_a_hold_moves_what_is_free_and_a_window_that_is_not_known_holds_nothing():
    made = book(w=100)
    assert (Held("w", NORMAL, 60),) == made.try_hold([Need(W, 60)], critical=False, now=0)
    assert (40, 60) == purse(made)
    assert made.try_hold([Need(V, 1)], critical=False, now=0) is None


def test_all_windows_or_none():
    made = book(v=10, w=100)
    assert made.try_hold([Need(V, 11), Need(W, 60)], critical=False, now=0) is None
    assert ((10, 0), (100, 0)) == (purse(made, "v"), purse(made))


def test_nobody_passes_those_who_wait_but_they_themselves():
    made = book(w=100)
    made.accounts["w"].waiting = 1
    assert made.try_hold([Need(W, 1)], critical=False, now=0) is None
    assert made.try_hold([Need(W, 1)], critical=False, now=0, waited=True)


def test_a_critical_request_takes_normal_room_first_and_a_normal_one_never_takes_critical_room():
    made = book(w=10)
    made.drawn([take(W, 50, critical=True)])
    assert NORMAL is made.try_hold([Need(W, 10)], critical=True, now=0)[0].lease_class
    assert CRITICAL is made.try_hold([Need(W, 10)], critical=True, now=0)[0].lease_class
    assert made.try_hold([Need(W, 1)], critical=False, now=0) is None


def test_a_draw_is_for_what_is_missing():
    made = book(v=100, w=30)
    (drawing,) = made.drawings([Need(V, 100), Need(W, 50)], lease_class=NORMAL, now=0)
    assert ("w", 20, 50) == (drawing.window.id, drawing.amount, drawing.typical)
    assert [100, 50] == [
        each.amount for each in book().drawings([Need(V, 100), Need(W, 50)], lease_class=NORMAL, now=0)
    ]


def test_a_draw_of_the_critical_class_is_exact():
    made = book(w=30)
    made.accounts["w"].state = state()
    made.accounts["w"].cost(900, 0)
    (drawing,) = made.drawings([Need(W, 50)], lease_class=CRITICAL, now=0)
    assert (CRITICAL, 50) == (drawing.lease_class, drawing.amount)


def test_a_newer_specification_replaces_an_older_one_and_never_the_other_way_round():
    made, newer = book(w=0), window("w", 2_000, limit_version=2)
    assert 2 == made.account(newer, 0).window.limit_version
    assert newer is made.account(W, 0).window


def test_a_cost_is_covered_by_its_hold_then_by_what_is_free_and_the_rest_is_not():
    made = book(w=100)
    holds = made.try_hold([Need(W, 60)], critical=False, now=0)
    assert (Charge(30, 30),) == made.charge(holds, [30])
    assert (Charge(90, 90),) == made.charge(holds, [90])
    assert (Charge(150, 70),) == made.charge(holds, [150])
    assert 0 == purse(made)[0]


def test_a_critical_hold_is_never_covered_by_normal_room():
    made = book(w=100)
    made.drawn([take(W, 50, critical=True)])
    holds = (Held("w", CRITICAL, 50),)
    made.accounts["w"].critical.free, made.accounts["w"].critical.held = 0, 50
    assert (Charge(80, 50),) == made.charge(holds, [80])
    assert 100 == purse(made)[0]


def test_what_a_settled_request_did_not_use_is_free():
    made = book(w=100)
    holds = made.try_hold([Need(W, 60)], critical=False, now=0)
    freed = made.free(holds, [Charge(10, 10)], 0)
    assert ["w"] == [account.window.id for account in freed]
    assert (90, 0) == purse(made)


def test_without_charges_all_of_a_hold_is_free_and_with_an_overrun_nothing():
    made = book(w=100)
    holds = made.try_hold([Need(W, 60)], critical=False, now=0)
    made.free(holds, (), 0)
    assert (100, 0) == purse(made)
    holds = made.try_hold([Need(W, 60)], critical=False, now=0)
    assert [] == made.free(holds, made.charge(holds, [70]), 0)
    assert (30, 0) == purse(made)


def test_everything_that_is_free_can_be_taken_to_be_returned():
    made = book(v=5, w=100)
    made.drawn([take(W, 7, critical=True)])
    returns = made.take_free(made.accounts.values())
    assert [("v", NORMAL, 5), ("w", NORMAL, 100), ("w", CRITICAL, 7)] == [
        (each.window.id, each.lease_class, each.amount) for each in returns
    ]
    assert [] == made.take_free(made.accounts.values())


def test_what_was_not_touched_is_idle_and_what_has_nothing_is_forgotten():
    made = book(u=0, v=5, w=100)
    made.try_hold([Need(W, 100)], critical=False, now=3)
    made.accounts["v"].waiting = 1
    assert [] == made.idle(IDLE_S - 0.1)
    assert [] == made.idle(IDLE_S)
    assert {"v", "w"} == made.accounts.keys()
    made.accounts["v"].waiting = 0
    assert ["v"] == [account.window.id for account in made.idle(IDLE_S)]
    assert {"v", "w"} == made.accounts.keys()


def test_how_much_to_draw_follows_what_was_used_lately_but_leaves_room_for_the_others():
    account = Account(W, 0)
    assert 10 == account.wanted(10, 1, 0)
    account.state = state()
    assert 10 == account.wanted(10, 1, 0)
    account.cost(100, 0)
    # 100 in the first second is 1,000 in ten; a quarter of the room is 250, shared by two workers 125.
    assert (250, 125) == (account.wanted(10, 1, 0), account.wanted(10, 2, 0))
    account.state = state(spent=600, leased=200)
    assert 50 == account.wanted(10, 1, 0)
    account.state = state(spent=1_200)
    assert 10 == account.wanted(10, 1, 0)
    account.state = state(scarce=True)
    assert 10 == account.wanted(10, 1, 0)


def test_what_was_held_at_once_lately_is_drawn_ahead_and_forgotten_after_two_seconds():
    made = book(w=80)
    account = made.accounts["w"]
    account.state = state()
    made.free(made.try_hold([Need(W, 80)], critical=False, now=0), (), 0)
    assert 80 == account.wanted(1, 1, 0)
    made.free(made.try_hold([Need(W, 1)], critical=False, now=1.5), (), 1.5)
    assert 80 == account.wanted(1, 1, 1.5)
    made.free(made.try_hold([Need(W, 1)], critical=False, now=9), (), 9)
    assert 1 == account.wanted(1, 1, 9)


def test_costs_of_long_ago_count_half():
    account = Account(W, 0)
    account.state = state(limit=10**9)
    account.cost(1_000, 0)
    account.cost(0, COST_SPAN_S)
    assert 500 * 2 == account.wanted(1, 1, COST_SPAN_S)


def test_a_typical_hold_follows_slowly():
    account = Account(W, 0)
    account.took(800, 0)
    assert 800 == account.typical
    account.took(0, 0)
    assert 700 == account.typical


def test_what_the_store_says_is_remembered_with_the_version_that_it_was_said_for():
    made = book(w=0)
    made.account(window("w", 5, limit_version=3), 0)
    made.learn({"w": state(spent=7), "unknown": state()}, 4)
    account = made.accounts["w"]
    assert (state(spent=7), 4, 3, False) == (account.state, account.learned_at, account.state_version, account.scarce)
    assert {"w"} == made.accounts.keys()
