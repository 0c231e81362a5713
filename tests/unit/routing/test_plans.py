from collections import Counter

import pytest

from headgate.routing.candidates import Choice
from headgate.routing.plans import EXPLORED, Asker, Conditions, compile_plan
from headgate.routing.table import RouteTable
from headgate.snapshot.contract import Strategy
from tests.kit.routes import ACME, route, rule

NOBODY = Asker(user=None, key="key", request="request")
STEPS = 1_000
A, B, C = (route(name, name) for name in "abc")


def plan(
    table: RouteTable,
    model: str,
    *,
    pick: float = 0.0,
    asker: Asker = NOBODY,
    latencies: dict[str, float] | None = None,
    costs: dict[str, int] | None = None,
    open_: str = "",
) -> Choice:
    conditions = Conditions(
        latency_of=(latencies or {}).get,
        cost_of=lambda target: (costs or {}).get(target.model),
        is_open=open_.split().__contains__,
    )
    return compile_plan(table, model, organization_id=ACME, shared=True, pick=pick, asker=asker, conditions=conditions)


def ids(choice: Choice) -> list[str]:
    return [target.deployment_id for target in choice.targets]


def firsts(table: RouteTable, model: str, **conditions: object) -> dict[str, float]:
    """Share of the requests that each deployment is the first of."""
    found = Counter(ids(plan(table, model, pick=step / STEPS, **conditions))[0] for step in range(STEPS))
    return {id_: count / STEPS for id_, count in found.items()}


def test_nothing_serves_an_unknown_name():
    assert Choice(targets=()) == plan(RouteTable([A]), "unknown")


def test_the_usual_name_costs_no_new_choice():
    table = RouteTable([A])
    assert plan(table, "a") is plan(table, "a", open_="a")


def test_deployments_of_one_name_and_priority_share_by_weight_and_the_others_come_after():
    table = RouteTable(
        [route("m", "x", weight=3, priority=1), route("m", "y", weight=1, priority=1), route("m", "z", weight=100)]
    )
    assert {"x": 0.75, "y": 0.25} == firsts(table, "m")
    assert {"z"} == {ids(plan(table, "m", pick=step / STEPS))[-1] for step in range(STEPS)}
    assert Choice(targets=plan(table, "m").targets) == plan(table, "m")


def test_priority_is_as_listed():
    choice = plan(RouteTable([A, B, C], [rule("fast", "c", "a", "b")]), "fast", pick=0.9)
    assert (["c", "a", "b"], "c", Strategy.PRIORITY) == (ids(choice), choice.arm, choice.strategy)
    assert ["c", "a", "b"] == [target.arm for target in choice.targets]


def test_weighted_arms_share_by_weight_and_fall_back_to_each_other():
    table = RouteTable([A, B, C], [rule("fast", ("a", 6), ("b", 3), ("c", 1), strategy=Strategy.WEIGHTED)])
    assert {"a": 0.6, "b": 0.3, "c": 0.1} == firsts(table, "fast")
    choice = plan(table, "fast", pick=0.7)
    assert ("fast", "b") == (choice.route, choice.arm)
    assert {"a", "b", "c"} == set(ids(choice))


def test_the_lowest_latency_is_first():
    table = RouteTable([A, B, C], [rule("fast", "a", "b", "c", strategy=Strategy.LATENCY)])
    choice = plan(table, "fast", latencies={"a": 300.0, "b": 80.0, "c": 120.0}, pick=0.99)
    assert (["b", "c", "a"], "b") == (ids(choice), choice.arm)


def test_one_whose_latency_is_not_known_is_tried_now_and_then():
    table = RouteTable([A, B, C], [rule("fast", "a", "b", "c", strategy=Strategy.LATENCY)])
    known = {"a": 300.0, "b": 80.0}
    shares = firsts(table, "fast", latencies=known)
    assert {"b", "c"} == shares.keys()
    # The same number decides among equals before, so that the share is that of all numbers, not of these.
    assert EXPLORED == pytest.approx(shares["c"], abs=0.02)
    assert ["c", "b", "a"] in [ids(plan(table, "fast", latencies=known, pick=step / STEPS)) for step in range(STEPS)]
    assert ["b", "a", "c"] in [ids(plan(table, "fast", latencies=known, pick=step / STEPS)) for step in range(STEPS)]


def test_as_long_as_no_latency_is_known_all_get_their_share():
    table = RouteTable([A, B], [rule("fast", ("a", 3), ("b", 1), strategy=Strategy.LATENCY)])
    assert {"a": 0.75, "b": 0.25} == firsts(table, "fast")


def test_the_lowest_bound_is_first_and_what_has_no_price_last():
    table = RouteTable([A, B, C], [rule("cheap", "a", "b", "c", strategy=Strategy.COST)])
    assert ["c", "b", "a"] == ids(plan(table, "cheap", costs={"b": 20, "c": 10}))
    assert {"b": 0.5, "c": 0.5} == firsts(table, "cheap", costs={"b": 10, "c": 10})


@pytest.mark.parametrize("strategy", [Strategy.LATENCY, Strategy.COST])
def test_arms_are_measured_tier_by_tier(strategy: Strategy):
    routes = [route("m", "m1", model="1"), route("m", "m2", model="2", priority=-1), route("n", "n1", model="3")]
    table = RouteTable(routes, [rule("best", "m", "n", strategy=strategy)])
    figures = {"m1": 30, "m2": 10, "n1": 20} | {"1": 30, "2": 10, "3": 20}
    assert ["n1", "m1", "m2"] == ids(plan(table, "best", latencies=figures, costs=figures))


def test_a_latency_route_measures_the_deployments_of_one_name():
    table = RouteTable([route("m", "x"), route("m", "y")], [rule("fast", "m", strategy=Strategy.LATENCY)])
    assert ["y", "x"] == ids(plan(table, "fast", latencies={"x": 2.0, "y": 1.0}))


def split(**changes: object) -> RouteTable:
    return RouteTable([A, B, C], [rule("test", "a", "b", "c", strategy=Strategy.SPLIT, **changes)])


def user(number: int) -> Asker:
    return Asker(user=f"user{number}", key="key", request=f"request{number}")


def test_a_split_falls_back_from_the_assigned_arm_to_the_others_as_listed():
    orders = {tuple(ids(plan(split(), "test", asker=user(number), pick=number / 100))) for number in range(100)}
    assert {("a", "b", "c"), ("b", "a", "c"), ("c", "a", "b")} == orders


def test_a_split_is_by_user_and_without_one_by_key():
    table = split()
    same = [Asker("u", f"key{number}", f"request{number}") for number in range(30)]
    without = [Asker(None, "key", f"request{number}") for number in range(30)]
    other = [Asker(None, f"key{number}", "request") for number in range(30)]
    assert 1 == len({plan(table, "test", asker=asker).arm for asker in same})
    assert 1 == len({plan(table, "test", asker=asker).arm for asker in without})
    assert 3 == len({plan(table, "test", asker=asker).arm for asker in other})


@pytest.mark.parametrize(("sticky_by", "arms"), [("user", (3, 1, 1)), ("key", (1, 3, 1)), ("request", (1, 1, 3))])
def test_a_split_may_be_by_key_or_by_request(sticky_by: str, arms: tuple[int, int, int]):
    table = split(sticky_by=sticky_by)
    numbers = range(40)
    users = [Asker(f"user{number}", "key", "request") for number in numbers]
    keys = [Asker("user", f"key{number}", "request") for number in numbers]
    requests = [Asker("user", "key", f"request{number}") for number in numbers]
    found = tuple(len({plan(table, "test", asker=asker).arm for asker in askers}) for askers in (users, keys, requests))
    assert arms == found


def test_a_user_and_a_key_that_are_called_the_same_are_two():
    table = split()
    pairs = [(Asker(name, "other", ""), Asker(None, name, "")) for name in map(str, range(60))]
    assert any(plan(table, "test", asker=one).arm != plan(table, "test", asker=two).arm for one, two in pairs)


def test_what_is_at_rest_comes_last_but_comes():
    table = RouteTable([A, B, C], [rule("fast", "a", "b", "c")])
    choice = plan(table, "fast", open_="a b")
    assert (["c", "a", "b"], "c") == (ids(choice), choice.arm)
    assert ["a", "b", "c"] == ids(plan(table, "fast", open_="a b c"))


def test_a_split_keeps_the_assigned_arm_while_it_is_at_rest():
    table = split()
    (asker,) = [user(number) for number in range(20) if "b" == plan(table, "test", asker=user(number)).arm][:1]
    choice = plan(table, "test", asker=asker, open_="b")
    assert (["a", "c", "b"], "b") == (ids(choice), choice.arm)


def test_a_choice_brings_what_the_route_says_of_attempts():
    table = split(retries=2, hedge_after_ms=300)
    choice = plan(table, "test", open_="a")
    assert (2, 300, "test") == (choice.retries, choice.hedge_after_ms, choice.route)
