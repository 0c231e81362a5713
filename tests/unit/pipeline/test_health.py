from headgate.domain.ids import DeploymentId
from headgate.pipeline.health import Health
from headgate.routing.breaker import Rules
from headgate.routing.failures import finding_of_status
from tests.kit.fakes import FakeClock

A, B = DeploymentId("a"), DeploymentId("b")


def health() -> tuple[Health, FakeClock]:
    clock = FakeClock()
    return Health(clock, Rules(cooldown_s=10, in_a_row=2)), clock


def test_what_was_never_asked_is_well_and_its_latency_unknown():
    seen, _ = health()
    assert (False, False, None, 0.0) == (seen.is_open(A), seen.goes_last(A), seen.latency_of(A), seen.rests_for(A))


def test_one_deployment_rests_alone():
    seen, clock = health()
    for _ in range(2):
        assert seen.admit(A, again=False)
        seen.failed(A, finding_of_status(500), since=clock.monotonic())
    assert (True, True, False) == (seen.is_open(A), seen.goes_last(A), seen.is_open(B))
    assert not seen.admit(A, again=False)
    assert 10 == seen.rests_for(A)
    clock.advance(10)
    assert seen.admit(A, again=False)


def test_a_busy_one_goes_last_and_is_still_asked():
    seen, clock = health()
    assert seen.admit(A, again=False)
    seen.failed(A, finding_of_status(429), since=clock.monotonic(), retry_after_s=3)
    assert (False, True) == (seen.is_open(A), seen.goes_last(A))
    clock.advance(3)
    assert not seen.goes_last(A)


def test_latency_is_an_average_of_the_last_answers_that_is_forgotten_after_a_while():
    seen, clock = health()
    seen.admit(A, again=False)
    seen.began(A, 100)
    seen.began(A, 200)
    assert 120 == seen.latency_of(A)
    clock.advance(61)
    assert seen.latency_of(A) is None
    seen.began(A, 50)
    assert 50 == seen.latency_of(A)


def test_retries_have_a_budget_of_their_own_at_each_deployment():
    seen, _ = health()
    seen.admit(A, again=False)
    seen.admit(B, again=False)
    taken = 0
    while seen.may_retry(A):
        taken += 1
    assert taken >= 10
    assert seen.may_retry(B)
