import json

import msgspec
import pytest

from headgate.domain.errors import BadRequest, NotFound, Unpriced
from headgate.domain.ids import DeploymentId
from headgate.pipeline.doors import CHAT, COUNT_TOKENS, Door
from headgate.pipeline.intake import read_intake
from headgate.pipeline.plan import Plan, choose_target, price_plan
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import ORGANIZATION, Rig, config_of, price_card, snapshot_of

UNPRICED_ALLOWED = msgspec.structs.replace(ORGANIZATION, unpriced_allowed=True)


def plan(document: dict, door: Door = CHAT, *deployments: Deployment, organization=ORGANIZATION, cards=None) -> Plan:
    snapshot = snapshot_of(*deployments, organization=organization)
    if cards is not None:
        snapshot = msgspec.structs.replace(snapshot, cards=cards)
    raw = json.dumps({"messages": [], **document}).encode()
    config, intake = config_of(snapshot), read_intake(door, raw)
    target = choose_target(intake, organization, config)
    return price_plan(Rig().request(raw, door), intake, target, organization, config)


def test_a_request_goes_to_the_operator_of_its_model_with_its_card():
    target, tariff, _ = plan({"model": "gpt-4o", "max_tokens": 10})
    assert ("openai", "gpt-4o") == (target.provider.name, target.model)
    assert "openai/gpt-4o@always#1" == tariff.card_id


def test_the_hold_covers_every_byte_of_input_and_all_output_that_is_allowed():
    assert plan({"model": "gpt-4o", "max_tokens": 10}).tariff.hold >= 10 * 4_000
    more = plan({"model": "gpt-4o", "max_tokens": 110}).tariff.hold
    # One more digit in the body, a hundred more tokens of output.
    assert 100 * 4_000 + 1 * 1_000 == more - plan({"model": "gpt-4o", "max_tokens": 10}).tariff.hold


def test_without_a_limit_the_model_s_longest_output_is_held():
    assert plan({"model": "gpt-4o"}).tariff.hold >= 1_000 * 4_000


def test_the_deployment_of_the_highest_priority_is_chosen():
    low = Deployment(id=DeploymentId("low"), organization_id=None, name="fast", provider="openai", model="gpt-4o")
    high = msgspec.structs.replace(low, id=DeploymentId("high"), priority=1)
    assert "high" == plan({"model": "fast"}, CHAT, low, high).target.deployment_id


def test_an_alias_is_priced_as_the_model_that_is_sent():
    alias = Deployment(id=DeploymentId("d"), organization_id=None, name="fast", provider="openai", model="gpt-4o")
    target, tariff, _ = plan({"model": "fast"}, CHAT, alias)
    assert ("gpt-4o", "openai/gpt-4o@always#1") == (target.model, tariff.card_id)


def test_a_model_that_nobody_serves_is_not_found():
    with pytest.raises(NotFound) as refusal:
        plan({"model": "no-such-model"})
    assert ("model_not_found", "model") == (refusal.value.code, refusal.value.param)


def test_a_model_without_a_card_is_refused_because_its_cost_cannot_be_bounded():
    with pytest.raises(Unpriced) as refusal:
        plan({"model": "gpt-unheard-of"})
    assert (402, "model_unpriced") == (refusal.value.status, refusal.value.code)


def test_an_organization_may_allow_models_without_a_card():
    tariff = plan({"model": "gpt-unheard-of"}, organization=UNPRICED_ALLOWED).tariff
    assert (None, None, None) == (tariff.card, tariff.hold, tariff.card_id)


def test_a_free_endpoint_holds_nothing_and_needs_no_card():
    tariff = plan({"model": "claude-unheard-of"}, COUNT_TOKENS).tariff
    assert (True, 0, "headgate/free-endpoint") == (tariff.free, tariff.hold, tariff.card_id)


def test_a_request_that_could_cost_more_than_the_books_can_hold_is_refused():
    endless = price_card("openai", "gpt-unheard-of", context_window=None, max_output=None)
    with pytest.raises(BadRequest) as refusal:
        plan({"model": "gpt-unheard-of", "n": 128, "max_tokens": 10**14}, cards=(endless,))
    assert "cost_unbounded" == refusal.value.code
