import datetime as dt
import json
from decimal import Decimal

import msgspec
import pytest

from headgate.domain.errors import NotFound
from headgate.domain.ids import CardId, DeploymentId
from headgate.domain.prices import Rate
from headgate.domain.usage import Unit
from headgate.server.models import (
    Model,
    find_model,
    render_anthropic,
    render_anthropic_list,
    render_gemini,
    render_gemini_list,
    render_openai,
    render_openai_list,
    visible_models,
)
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import CARDS, ORGANIZATION, PRINCIPAL, config_of, price_card, snapshot_of
from tests.kit.routes import rule

TODAY = dt.date(2026, 1, 1)
ALIAS = Deployment(id=DeploymentId("d"), organization_id=None, name="fast", provider="openai", model="gpt-4o")


def models(
    *deployments: Deployment, cards=CARDS, principal=PRINCIPAL, organization=ORGANIZATION, environ=None, routes=()
) -> list[Model]:
    snapshot = msgspec.structs.replace(
        snapshot_of(*deployments, cards=cards, organization=organization), routes=tuple(routes)
    )
    given = {"OPENAI_API_KEY": "k"} if environ is None else environ
    return visible_models(principal, config_of(snapshot, given), TODAY)


def names(*deployments: Deployment, **changes: object) -> list[str]:
    return [model.id for model in models(*deployments, **changes)]


def test_an_open_operators_models_are_those_with_a_card_in_order():
    assert ["openai/gpt-4o", "openai/gpt-4o-2024-11-20", "openai/text-embedding-3-small"] == names()


def test_a_deployment_is_listed_by_its_own_name_with_the_card_of_its_model():
    found = {model.id: model for model in models(ALIAS, environ={})}
    assert ["fast"] == list(found)
    assert "openai/gpt-4o@always#1" == found["fast"].card.id


def test_a_deployment_without_a_card_is_listed_without_a_price():
    assert [("odd", None)] == [
        (model.id, model.card) for model in models(msgspec.structs.replace(ALIAS, name="odd", model="odd"), environ={})
    ]


def test_a_key_sees_only_what_it_may_call():
    key = msgspec.structs.replace(PRINCIPAL, allowed_models=("fast", "openai/text-*"))
    assert ["fast", "openai/text-embedding-3-small"] == names(ALIAS, principal=key)


def test_another_organizations_deployments_and_cards_are_not_seen():
    theirs = msgspec.structs.replace(ALIAS, organization_id="f" * 32)
    their_card = price_card("openai", "gpt-secret", organization_id="f" * 32)
    assert ["openai/gpt-4o"] == names(theirs, cards=(CARDS[0], their_card))


def test_an_organization_without_shared_deployments_sees_its_own():
    alone = msgspec.structs.replace(ORGANIZATION, shared_deployments=False)
    own = msgspec.structs.replace(ALIAS, organization_id=ORGANIZATION.id, name="own")
    assert ["own"] == names(ALIAS, own, organization=alone)


def test_the_card_in_force_today_counts():
    old = price_card("openai", "gpt-4o", id=CardId("old"), active_from=dt.date(2025, 1, 1))
    new = price_card("openai", "gpt-4o", id=CardId("new"), active_from=TODAY)
    later = price_card("openai", "gpt-4o", id=CardId("later"), active_from=dt.date(2026, 1, 2))
    admin = price_card("openai", "gpt-4o", id=CardId("admin"), priority=100)
    assert ["new"] == [model.card.id for model in models(cards=(later, new, old))]
    assert ["admin"] == [model.card.id for model in models(cards=(admin, new))]


def test_a_card_for_every_model_names_none():
    assert [] == names(cards=(price_card("openai", "*"),))


def test_a_model_is_found_with_and_without_its_prefix():
    assert "openai/gpt-4o" == find_model(models(), "gpt-4o").id == find_model(models(), "openai/gpt-4o").id
    with pytest.raises(NotFound):
        find_model(models(), "gpt")


def test_an_openai_client_reads_its_list():
    document = json.loads(render_openai_list(models(cards=CARDS[:1])))
    assert "list" == document["object"]
    (model,) = document["data"]
    assert ("openai/gpt-4o", "model", "openai") == (model["id"], model["object"], model["owned_by"])
    assert {"currency": "USD", "per": 1_000_000, "free": False, "input": 1, "output": 4}.items() <= model[
        "pricing"
    ].items()
    assert model == json.loads(render_openai(models(cards=CARDS[:1])[0]))


def test_an_anthropic_client_reads_its_list():
    found = models()
    document = json.loads(render_anthropic_list(found))
    assert (False, found[0].id, found[-1].id) == (document["has_more"], document["first_id"], document["last_id"])
    assert json.loads(render_anthropic(found[0])) == document["data"][0]
    assert {"data": [], "has_more": False, "first_id": None, "last_id": None} == json.loads(render_anthropic_list([]))


def test_a_gemini_client_reads_its_list():
    sized = msgspec.structs.replace(CARDS[0], context_window=128_000, max_output=16_384)
    document = json.loads(render_gemini_list(models(cards=(sized,))))
    (model,) = document["models"]
    assert ("models/openai/gpt-4o", 128_000, 16_384) == (
        model["name"],
        model["inputTokenLimit"],
        model["outputTokenLimit"],
    )
    assert 1 == model["pricing"]["input"]
    assert model == json.loads(render_gemini(models(cards=(sized,))[0]))


def test_a_size_that_no_card_tells_is_left_out():
    assert "inputTokenLimit" not in json.loads(render_gemini(Model(id="m", provider="p", card=None)))


def test_prices_keep_every_digit():
    tiny = price_card("openai", "gpt-4o", rates={Unit.INPUT: Rate(Decimal("0.000000000001"))})
    (model,) = json.loads(render_openai_list(models(cards=(tiny,))), parse_float=Decimal)["data"]
    assert Decimal("0.000000000001") == model["pricing"]["input"]


def test_a_model_without_a_card_has_no_price():
    assert json.loads(render_openai(Model(id="m", provider="p", card=None)))["pricing"] is None


def test_a_route_is_a_model_of_ours_and_hides_a_deployment_of_its_name():
    found = models(ALIAS, routes=[rule("fast", "openai/gpt-4o"), rule("slow", "gpt-4o")], environ={})
    assert ["fast"] == [model.id for model in found]
    found = models(ALIAS, routes=[rule("fast", "openai/gpt-4o")])
    (fast,) = [model for model in found if model.id == "fast"]
    assert ("headgate", None, "openai/gpt-4o@always#1") == (fast.provider, fast.card, fast.arms[0].card.id)


def test_routes_are_seen_as_far_as_they_may_be_called():
    theirs = rule("theirs", "gpt-4o", organization="f" * 32)
    shared, hidden = rule("shared", "gpt-4o"), rule("hidden", "gpt-4o")
    key = msgspec.structs.replace(PRINCIPAL, allowed_models=("shared", "theirs"))
    assert ["shared"] == names(routes=[theirs, shared, hidden], principal=key)


def test_a_route_costs_what_its_dearest_arm_costs():
    small = price_card("openai", "small", rates={Unit.INPUT: Rate(Decimal(1)), Unit.OUTPUT: Rate(Decimal(9))})
    large = price_card("openai", "large", rates={Unit.INPUT: Rate(Decimal(5)), Unit.CACHE_READ: Rate(Decimal(2))})
    told = openai(rule("fast", "openai/small", "openai/large"), small, large)
    assert ("fast", "headgate", None, False) == (
        told["id"],
        told["owned_by"],
        told["pricing"]["card"],
        told["pricing"]["free"],
    )
    assert {"input": 5, "output": 9, "cache_read": 2} == {
        unit: told["pricing"][unit] for unit in ("input", "output", "cache_read")
    }
    assert [("openai/small", 1), ("openai/large", 5)] == [
        (each["model"], each["pricing"]["input"]) for each in told["arms"]
    ]


def test_a_route_with_an_arm_of_unknown_price_has_none():
    told = openai(rule("fast", "openai/small", "openai/unheard-of"), price_card("openai", "small"))
    assert (None, None) == (told["pricing"], told["arms"][1]["pricing"])
    assert told["arms"][0]["pricing"] is not None


def openai(route, *cards) -> dict:
    (model,) = [each for each in models(cards=cards, routes=[route]) if each.id == route.name]
    return json.loads(render_openai(model))
