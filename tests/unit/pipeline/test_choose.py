import pytest

from headgate.domain.errors import NotFound
from headgate.domain.ids import DeploymentId
from headgate.pipeline.assess import Asking
from headgate.pipeline.choose import choose
from headgate.pipeline.intake import read_intake
from headgate.routing.failures import finding_of_status
from headgate.snapshot.contract import Arm, Deployment, RouteRule, Strategy
from tests.kit.fakes import ORGANIZATION, PRINCIPAL, Rig, snapshot_of

DEAR = Deployment(
    id=DeploymentId("dear"), organization_id=None, name="dear", provider="openai", model="gpt-4o-2024-11-20"
)
CHEAP = Deployment(id=DeploymentId("cheap"), organization_id=None, name="cheap", provider="openai", model="gpt-4o")
UNKNOWN = Deployment(id=DeploymentId("unknown"), organization_id=None, name="unknown", provider="openai", model="what")


def rig(strategy: Strategy) -> Rig:
    import msgspec

    arms = tuple(Arm(name=each.name, model=each.name) for each in (UNKNOWN, DEAR, CHEAP))
    rule = RouteRule(id="r", organization_id=None, name="fast", strategy=strategy, arms=arms)
    return Rig(msgspec.structs.replace(snapshot_of(UNKNOWN, DEAR, CHEAP), routes=(rule,)))


def chosen(rig: Rig, model: str = "fast", pick: float = 0.5, keeper: DeploymentId | None = None) -> list[str]:
    request = rig.request({"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50})
    asking = Asking(
        request=request,
        intake=read_intake(request.door, request.body),
        attribution=request.attribution,
        organization=ORGANIZATION,
        keeper=keeper,
    )
    choice = choose(asking, PRINCIPAL, rig.configs.current(), rig.health, chance=lambda: pick)
    return [target.deployment_id for target in choice.targets]


def test_the_cheapest_by_the_bound_of_this_request_goes_first_and_what_has_no_price_last():
    assert ["cheap", "dear", "unknown"] == chosen(rig(Strategy.COST))


def test_the_one_that_answered_soonest_goes_first():
    measured = rig(Strategy.LATENCY)
    for id_, latency_ms in (("dear", 20), ("cheap", 50), ("unknown", 90)):
        measured.health.admit(DeploymentId(id_), again=False)
        measured.health.began(DeploymentId(id_), latency_ms)
    assert ["dear", "cheap", "unknown"] == chosen(measured)


def test_those_that_rest_or_are_busy_go_last():
    resting = rig(Strategy.PRIORITY)
    resting.health.admit(DeploymentId("unknown"), again=False)
    resting.health.failed(DeploymentId("unknown"), finding_of_status(429), since=0)
    assert ["dear", "cheap", "unknown"] == chosen(resting)


def test_a_name_that_leads_nowhere_is_not_found():
    with pytest.raises(NotFound, match="'gpt-4o-nano'"):
        chosen(Rig(snapshot_of(), environ={}), "gpt-4o-nano")


def test_what_goes_on_from_an_answer_goes_only_where_it_is_kept():
    priority = rig(Strategy.PRIORITY)
    assert ["unknown", "dear", "cheap"] == chosen(priority, keeper=DeploymentId("cheap"))
    with pytest.raises(NotFound, match="goes on from"):
        chosen(priority, keeper=DeploymentId("gone"))
