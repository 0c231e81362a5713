import datetime as dt
from decimal import Decimal

import pytest

from headgate.control.policies import preview
from headgate.control.policies.models import Policy
from headgate.control.policies.preview import would_have_blocked, would_have_blocked_each
from headgate.domain.principal import Attribution
from tests.kit.books import NOON
from tests.unit.control.rows import post_request

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromtimestamp(NOON, tz=dt.UTC)
DAY = 86_400


def objections(policy: Policy) -> list[tuple[str, str, int]]:
    found = would_have_blocked(policy, now=NOW).objections
    return [(one.rule, one.model, one.requests) for one in found]


def test_nothing_was_asked_and_nothing_would_have_been_blocked(acme):
    found = would_have_blocked(Policy(organization=acme, name="P", blocked_models=["*"]), now=NOW)
    assert (0, 0, True, []) == tuple(found)


def test_requests_are_counted_by_rule_and_model_and_the_most_frequent_come_first(acme):
    for number, model in enumerate(["claude", "gpt-4", "openai/gpt-4", "gpt-4", "gpt-5"]):
        post_request(acme, number, original_model=model, at=NOON - number)
    found = would_have_blocked(Policy(organization=acme, name="P", blocked_models=["gpt-4"]), now=NOW)
    assert (5, 3, True) == (found.judged, found.blocked, found.whole)
    assert [("gpt-4", 2), ("openai/gpt-4", 1)] == [(one.model, one.requests) for one in found.objections]
    newest = found.objections[0]
    assert (NOW - dt.timedelta(seconds=1), "blockedModels") == (newest.newest, newest.rule)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ([], {"allowed_models": ["claude"]}),
        ([("allowedModels", "claude", 1)], {"allowed_models": ["gpt-*"]}),
        ([("allowedProviders", "claude", 1)], {"allowed_providers": ["openai"]}),
        ([], {"allowed_providers": ["anthropic"]}),
        ([("allowedTasks", "claude", 1)], {"allowed_tasks": ["chat"]}),
        ([("requiredAttribution.user", "claude", 1)], {"required_attribution": ["user", "team"]}),
        ([], {"max_tokens_per_request": 22}),
        ([("maxTokensPerReq", "claude", 1)], {"max_tokens_per_request": 21}),
        ([("maxCostPerReqEur", "claude", 1)], {"max_cost_per_request_eur": Decimal("0.000001")}),
        ([], {"max_cost_per_request_eur": Decimal(1)}),
        ([], {"max_cost_per_day_eur": Decimal(0)}),
    ],
)
def test_every_rule_that_a_row_can_answer_is_judged(expected: list, fields: dict, acme):
    post_request(acme, at=NOON - 1, attribution=Attribution(team="t1"))
    assert expected == objections(Policy(organization=acme, name="P", **fields))


def test_what_a_row_does_not_know_is_not_held_against_it(acme):
    post_request(acme, at=NOON - 1, provider=None, usage=None, cost=None)
    strict = {"allowed_providers": ["openai"], "max_tokens_per_request": 1, "max_cost_per_request_eur": Decimal(0)}
    assert [] == objections(Policy(organization=acme, name="P", **strict))


def test_a_body_that_was_never_understood_is_left_out(acme):
    post_request(acme, at=NOON - 1, original_model=None)
    assert 0 == would_have_blocked(Policy(organization=acme, name="P", blocked_models=["*"]), now=NOW).judged


def test_a_shadow_policy_or_one_that_is_off_is_judged_as_if_it_counted(acme):
    post_request(acme, at=NOON - 1)
    for fields in ({"shadow": True}, {"enabled": False}):
        assert (
            1
            == would_have_blocked(Policy(organization=acme, name="P", blocked_models=["*"], **fields), now=NOW).blocked
        )


def test_only_the_last_seven_days_of_the_own_organization_count(acme, other):
    post_request(acme, 1, at=NOON - 7 * DAY)
    post_request(acme, 2, at=NOON - 7 * DAY - 1)
    post_request(other, 3, at=NOON - 1)
    assert [("blockedModels", "claude", 1)] == objections(Policy(organization=acme, name="P", blocked_models=["*"]))


def test_the_newest_requests_are_judged_where_there_are_too_many(acme, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(preview, "LARGEST_SAMPLE", 2)
    for number in range(3):
        post_request(acme, number, original_model=f"m{number}", at=NOON - number)
    found = would_have_blocked(Policy(organization=acme, name="P", blocked_models=["*"]), now=NOW)
    assert (2, 2, False, ["m0", "m1"]) == (
        found.judged,
        found.blocked,
        found.whole,
        [one.model for one in found.objections],
    )


def test_a_preview_costs_one_query_however_many_requests_there_are(acme, django_assert_num_queries):
    policy = Policy(organization=acme, name="P", blocked_models=["*"])
    for number in range(12):
        post_request(acme, number, at=NOON - number)
        if number in {0, 11}:
            with django_assert_num_queries(1):
                would_have_blocked(policy, now=NOW)


def test_several_policies_are_tried_on_the_same_requests_each_alone(acme):
    for number, model in enumerate(["gpt-4", "gpt-4", "opus"]):
        post_request(acme, number, original_model=model)
    policies = [Policy(organization=acme, name=name, blocked_models=[name]) for name in ("gpt-4", "opus")]
    found = would_have_blocked_each(policies, acme.pk, now=NOW, sample=10)
    assert [(3, 2, True), (3, 1, True)] == [(each.judged, each.blocked, each.whole) for each in found]
    (newest,) = would_have_blocked_each(policies[:1], acme.pk, now=NOW, sample=2)
    assert (2, False) == (newest.judged, newest.whole)
