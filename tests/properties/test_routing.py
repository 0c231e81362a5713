"""Whatever a route says: every deployment that it may use comes exactly once, and what is at rest comes last."""

from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.plans import Asker, Conditions, compile_plan
from headgate.routing.table import RouteTable
from headgate.snapshot.contract import Arm, Strategy
from tests.kit.routes import ACME, route, rule

MODELS = "abcd"

deployments = st.lists(
    st.tuples(st.sampled_from(MODELS), st.integers(-1, 2), st.integers(1, 100), st.sampled_from([None, ACME])),
    max_size=8,
)
arms = st.lists(st.tuples(st.sampled_from(MODELS), st.integers(1, 100)), min_size=1, max_size=5)
figures = st.dictionaries(st.sampled_from([f"d{index}" for index in range(8)]), st.integers(0, 3))


@given(
    deployments=deployments,
    arms=arms,
    strategy=st.sampled_from(Strategy),
    pick=st.floats(0, 1, exclude_max=True),
    user=st.text(max_size=5),
    known=figures,
    resting=st.sets(st.sampled_from([f"d{index}" for index in range(8)])),
)
def test_every_target_comes_once_and_what_is_at_rest_comes_last(
    deployments: list[tuple[str, int, int, str | None]],
    arms: list[tuple[str, int]],
    strategy: Strategy,
    pick: float,
    user: str,
    known: dict[str, int],
    resting: set[str],
):
    routes = [
        route(name, f"d{index}", priority=priority, weight=weight, organization=organization)
        for index, (name, priority, weight, organization) in enumerate(deployments)
    ]
    named = tuple(Arm(name=str(index), model=model, weight=weight) for index, (model, weight) in enumerate(arms))
    table = RouteTable(routes, [rule("route", strategy=strategy, arms=named)])
    conditions = Conditions(
        latency_of=known.get, cost_of=lambda target: known.get(target.deployment_id), is_open=resting.__contains__
    )
    asker = Asker(user=user, key="key", request="request")
    choice = compile_plan(
        table, "route", organization_id=ACME, shared=True, pick=pick, asker=asker, conditions=conditions
    )
    order = [target.deployment_id for target in choice.targets]
    reachable = {each.deployment.id for each in routes if each.deployment.name in {arm.model for arm in named}}
    assert sorted(reachable) == sorted(order)
    at_rest = [id_ in resting for id_ in order]
    assert sorted(at_rest) == at_rest
    assert bool(order) == (choice.arm is not None)
