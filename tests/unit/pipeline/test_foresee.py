import msgspec
import pytest

from headgate.domain.errors import NotFound, Unpriced
from headgate.domain.ids import DeploymentId
from headgate.pipeline.assess import Asking
from headgate.pipeline.foresee import Foreseen, foresee
from headgate.pipeline.intake import read_intake
from headgate.routing.failures import Blame, Finding
from headgate.snapshot.contract import Arm, Deployment, Policy, RouteRule, Strategy
from tests.kit.fakes import ORGANIZATION, PRINCIPAL, Rig, snapshot_of

DOWN = Finding(retry=False, fall_back=True, blame=Blame.DOWN)
UNPRICED, FIRST, SECOND = (
    Deployment(id=DeploymentId(name), organization_id=None, name=name, provider="openai", model=model)
    for name, model in (("unpriced", "what"), ("first", "gpt-4o"), ("second", "gpt-4o-2024-11-20"))
)


def rig_of(*deployments: Deployment, **changes: object) -> Rig:
    arms = tuple(Arm(name=f"to {each.name}", model=each.name) for each in deployments)
    rule = RouteRule(id="r", organization_id=None, name="fast", strategy=Strategy.PRIORITY, arms=arms)
    return Rig(msgspec.structs.replace(snapshot_of(*deployments), routes=(rule,), **changes))


def foreseen(rig: Rig, model: str = "fast") -> Foreseen:
    request = rig.request({"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50})
    asking = Asking(
        request=request,
        intake=read_intake(request.door, request.body),
        attribution=request.attribution,
        organization=ORGANIZATION,
    )
    return foresee(asking, PRINCIPAL, rig.configs.current(), rig.health, pick=0.5)


def rest(rig: Rig, *ids: str) -> None:
    for id_ in ids:
        rig.health.admit(DeploymentId(id_), again=False)
        rig.health.failed(DeploymentId(id_), DOWN, since=0)


def test_every_deployment_is_a_way_in_the_order_of_the_plan():
    found = foreseen(rig_of(FIRST, SECOND))
    assert ["first", "second"] == [way.target.deployment_id for way in found.ways]
    assert found.ways[0] is found.first
    assert ("fast", "to first") == (found.choice.route, found.choice.arm)


def test_what_has_no_price_is_passed_over_and_what_rests_too():
    rig = rig_of(UNPRICED, FIRST, SECOND)
    rest(rig, "first")
    found = foreseen(rig)
    assert ["unpriced", "second", "first"] == [way.target.deployment_id for way in found.ways]
    assert ("second", [False, False, True]) == (
        found.first.target.deployment_id,
        [way.rests for way in found.ways],
    )


def test_where_all_rest_the_first_of_them_is_told():
    rig = rig_of(FIRST, SECOND)
    rest(rig, "first", "second")
    assert ("first", True) == (foreseen(rig).first.target.deployment_id, foreseen(rig).first.rests)


def test_where_none_would_be_asked_the_first_refusal_counts():
    found = foreseen(rig_of(UNPRICED))
    assert isinstance(found.first.refusal, Unpriced)
    assert found.first.assessment is None


def test_a_policy_refuses_one_way_and_leaves_the_others():
    policy = Policy(id="p", organization_id=ORGANIZATION.id, name="P", blocked_models=("gpt-4o",))
    found = foreseen(rig_of(FIRST, SECOND, policies=(policy,)))
    assert ("second", True) == (found.first.target.deployment_id, found.ways[0].refusal is not None)


def test_a_name_that_leads_nowhere_is_not_found():
    with pytest.raises(NotFound):
        foreseen(rig_of(FIRST), "no-such-model")
