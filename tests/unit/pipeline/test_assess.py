import json

import msgspec
import pytest

from headgate.domain.errors import BadRequest, NotFound, Unpriced
from headgate.domain.principal import Attribution
from headgate.pipeline.assess import Asking, Assessment, asked_by, assess
from headgate.pipeline.doors import CHAT, COUNT_TOKENS, MESSAGES, Door
from headgate.pipeline.intake import read_intake
from headgate.snapshot.contract import Policy
from tests.kit.budgeted import CHAT_BODY
from tests.kit.fakes import ORGANIZATION, PRINCIPAL, Rig, config_of, snapshot_of

ESCAPED = {**CHAT_BODY, "messages": [{"role": "user", "content": "\u00e9" * 1_000}]}
"""In JSON six bytes to a sign, in the text two."""


def policy(**fields) -> Policy:
    return Policy(**{"id": "p", "organization_id": ORGANIZATION.id, "name": "Production", **fields})


def asking(body: dict, door: Door = CHAT, principal=PRINCIPAL, **by_headers: str) -> Asking:
    raw = json.dumps(body).encode()
    headers = Attribution(**by_headers)
    request = Rig().request(raw, door, attribution=headers)
    return asked_by(principal, request, read_intake(door, raw), ORGANIZATION, headers)


def assessed(*policies: Policy, body: dict = CHAT_BODY, door: Door = CHAT, **by_headers: str) -> Assessment:
    config = config_of(msgspec.structs.replace(snapshot_of(), policies=policies))
    return assess(asking(body, door, **by_headers), config)


def test_without_policies_a_request_has_a_target_and_a_price():
    plan, verdicts, refusal = assessed()
    assert ("openai", "gpt-4o", "openai/gpt-4o@always#1") == (
        plan.target.provider.name,
        plan.target.model,
        plan.tariff.card_id,
    )
    assert ((), None) == (verdicts, refusal)


def test_what_a_policy_blocks_is_not_priced():
    plan, (verdict,), refusal = assessed(
        policy(blocked_models=("gpt-unheard-of",)), body={**CHAT_BODY, "model": "gpt-unheard-of"}
    )
    assert plan is None
    assert ("Production", "blockedModels", "blocked") == (verdict.policy, verdict.rule, verdict.effect)
    assert (403, "policy_blocked") == (refusal.status, refusal.code)


def test_what_a_shadow_policy_would_block_has_a_price_and_a_verdict():
    plan, (verdict,), refusal = assessed(policy(blocked_models=("gpt-4o",), shadow=True))
    assert "would_block" == verdict.effect
    assert plan is not None
    assert refusal is None


def test_a_policy_sees_whom_the_request_is_charged_to():
    needs_team = policy(required_attribution=("team",))
    assert assessed(needs_team).refusal is not None
    assert assessed(needs_team, team="search").refusal is None
    assert assessed(needs_team, body={**CHAT_BODY, "metadata": {"team": "search"}}).refusal is None


def test_a_request_is_looked_at_more_closely_before_it_is_too_large():
    loose = assessed(body=ESCAPED).plan
    assert loose.shape.body_bytes > 6_000
    assert None is assessed(policy(max_tokens_per_request=5_000), body=ESCAPED).refusal
    refused = assessed(policy(max_tokens_per_request=1_000), body=ESCAPED)
    assert ("maxTokensPerReq", "max_tokens") == (refused.verdicts[0].rule, refused.refusal.param)
    assert refused.plan is not None


def test_the_cost_that_a_policy_bounds_is_the_bound_of_the_closer_look():
    hold = assessed(body=ESCAPED).plan.tariff.hold
    assert None is assessed(policy(max_cost_per_request=hold // 2), body=ESCAPED).refusal
    assert "maxCostPerReqEur" == assessed(policy(max_cost_per_request=hold // 10), body=ESCAPED).verdicts[0].rule


def test_verdicts_of_both_kinds_are_told_together():
    watching = policy(blocked_models=("gpt-*",), max_tokens_per_request=1, shadow=True)
    assert ["blockedModels", "maxTokensPerReq"] == [verdict.rule for verdict in assessed(watching).verdicts]


def test_what_nobody_bills_has_no_size():
    body = {"model": "claude-sonnet-4-5", "messages": []}
    plan, verdicts, refusal = assessed(policy(max_tokens_per_request=1), body=body, door=COUNT_TOKENS)
    assert (None, (), None) == (plan.shape, verdicts, refusal)


@pytest.mark.parametrize(("model", "error"), [("no-such-model", NotFound), ("gpt-unheard-of", Unpriced)])
def test_what_cannot_be_called_is_refused_with_and_without_policies(model: str, error: type[Exception]):
    for policies in ((), (policy(),)):
        with pytest.raises(error):
            assessed(*policies, body={**CHAT_BODY, "model": model})


def test_headers_say_more_than_the_body_and_locked_fields_more_than_both():
    body = {**CHAT_BODY, "user": "ben", "metadata": {"team": "ads", "project": "p1"}}
    assert Attribution(user="anna", team="ads", project="p1") == asking(body, user="anna").attribution
    locked = msgspec.structs.replace(PRINCIPAL, defaults=Attribution(team="search"), locked=("team",))
    assert Attribution(user="ben", team="search", project="p1") == asking(body, principal=locked).attribution


def test_a_body_that_says_nothing_leaves_what_the_headers_came_to():
    by_headers = Attribution(user="anna")
    request = Rig().request(CHAT_BODY)
    asked = asked_by(PRINCIPAL, request, read_intake(CHAT, request.body), ORGANIZATION, by_headers)
    assert asked.attribution is by_headers


def test_a_label_that_is_too_long_is_refused_by_its_name():
    with pytest.raises(BadRequest) as refusal:
        asking({"model": "claude-sonnet-4-5", "messages": [], "metadata": {"user_id": "u" * 201}}, MESSAGES)
    assert ("label_too_long", "metadata.user_id") == (refusal.value.code, refusal.value.param)
