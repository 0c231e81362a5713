from headgate.routing.breaker import DEFAULT_BUSY_S, LAST, LONGEST_BUSY_S, Breaker, Rules
from headgate.routing.failures import Blame

RULES = Rules(cooldown_s=10, longest_s=35, in_a_row=3)


def broken(blame: Blame = Blame.DOWN, now: float = 0.0) -> Breaker:
    breaker = Breaker(RULES)
    assert breaker.admit(now)
    breaker.fail(blame, now=now, since=now)
    return breaker


def test_one_that_does_not_answer_rests_at_once():
    breaker = broken()
    assert breaker.is_open(9.9)
    assert not breaker.admit(9.9)
    assert 0.5 == breaker.rests_for(9.5)


def test_one_that_was_too_slow_while_others_were_answered_goes_on():
    breaker = Breaker(RULES)
    breaker.succeed(5)
    breaker.fail(Blame.DOWN, now=20, since=1)
    assert not breaker.is_open(20)


def test_after_its_rest_one_request_tries_it_out():
    breaker = broken()
    assert not breaker.is_open(10)
    assert [True, False, False] == [breaker.admit(10) for _ in range(3)]
    assert breaker.is_open(11)
    breaker.succeed(11)
    assert breaker.admit(11)
    assert breaker.admit(11)


def test_rests_double_while_it_stays_away_up_to_the_longest():
    breaker, now, rests = broken(), 0.0, []
    for _ in range(4):
        now += breaker.rests_for(now)
        assert breaker.admit(now)
        breaker.fail(Blame.DOWN, now=now, since=now)
        rests.append(breaker.rests_for(now))
    assert [20, 35, 35, 35] == rests


def test_a_success_makes_the_next_rest_short_again():
    breaker = broken()
    assert breaker.admit(10)
    breaker.fail(Blame.FAULT, now=10, since=10)
    assert breaker.admit(30)
    breaker.succeed(30)
    breaker.fail(Blame.DOWN, now=31, since=30.5)
    assert 10 == breaker.rests_for(31)


def test_those_that_were_on_their_way_when_it_broke_do_not_prolong_its_rest():
    breaker = broken()
    for late in (1, 2, 3):
        breaker.fail(Blame.DOWN, now=late, since=0)
    assert 7 == breaker.rests_for(3)


def test_a_try_that_nobody_tells_of_is_followed_by_another():
    breaker = broken()
    assert breaker.admit(10)
    assert not breaker.admit(19.9)
    assert breaker.admit(20)


def test_several_failures_in_a_row_are_enough():
    breaker = Breaker(RULES)
    for _ in range(2):
        breaker.fail(Blame.FAULT, now=0, since=0)
    assert not breaker.is_open(0)
    breaker.succeed(0)
    for _ in range(2):
        breaker.fail(Blame.FAULT, now=0, since=0)
    assert not breaker.is_open(0)
    breaker.fail(Blame.FAULT, now=0, since=0)
    assert breaker.is_open(0)


def test_one_that_mostly_fails_rests_although_it_sometimes_answers():
    breaker = Breaker(RULES)
    opened_after = 0
    while not breaker.is_open(0):
        opened_after += 1
        assert opened_after < LAST
        if opened_after % 3 == 0:
            breaker.succeed(0)
        else:
            breaker.fail(Blame.FAULT, now=0, since=0)
    assert LAST // 2 == opened_after


def test_a_request_that_was_at_fault_itself_speaks_for_the_deployment():
    breaker = broken()
    assert breaker.admit(10)
    breaker.fail(Blame.NOBODY, now=10, since=10)
    assert not breaker.is_open(10)


def test_a_busy_one_goes_last_but_is_not_closed():
    breaker = Breaker(RULES)
    breaker.fail(Blame.BUSY, now=0, since=0, retry_after_s=7)
    assert [True, False] == [breaker.is_busy(6.9), breaker.is_busy(7)]
    assert breaker.admit(1)
    breaker.fail(Blame.BUSY, now=10, since=10)
    assert breaker.is_busy(10 + DEFAULT_BUSY_S - 0.1)
    breaker.fail(Blame.BUSY, now=100, since=100, retry_after_s=1e9)
    assert not breaker.is_busy(100 + LONGEST_BUSY_S)
