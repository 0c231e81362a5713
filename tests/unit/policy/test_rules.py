import itertools

import msgspec
import pytest

from headgate.domain.principal import Attribution
from headgate.policy import rules
from headgate.policy.rules import Facts, PolicySet, PolicyTable, judge
from headgate.policy.verdicts import BLOCKED, WOULD_BLOCK, first_block
from headgate.snapshot.contract import Policy

FACTS = Facts(
    organization_id="acme",
    original_model="gpt-4",
    provider="openai",
    attribution=Attribution(team="search", task="chat"),
    input_bound=600,
    output_bound=400,
    hold=1_000,
)


def policy(name: str = "Production Policy", **fields: object) -> Policy:
    return Policy(**{"id": name, "organization_id": "acme", "name": name, **fields})


def rules_of(*policies: Policy, **facts: object) -> list[str]:
    return [verdict.rule for verdict in judge(policies, msgspec.structs.replace(FACTS, **facts))]


def test_a_policy_without_rules_says_nothing():
    assert [] == rules_of(policy())


def test_a_blocked_model_is_refused_in_the_words_of_the_policy():
    (verdict,) = judge([policy(blocked_models=("gpt-4",))], FACTS)
    assert ("Production Policy", "blockedModels", BLOCKED) == (verdict.policy, verdict.rule, verdict.effect)
    assert verdict.reason.startswith('Model gpt-4 is blocked by policy "Production Policy". ')


@pytest.mark.parametrize(
    ("expected", "allowed", "blocked"),
    [
        ([], (), ()),
        ([], ("gpt-*",), ()),
        ([], (), ("claude-*",)),
        ([], ("gpt-*",), ("claude-*",)),
        (["allowedModels"], ("claude-*",), ()),
        (["blockedModels"], (), ("gpt-4",)),
        (["blockedModels"], ("gpt-4",), ("gpt-4",)),
        (["blockedModels"], ("claude-*",), ("gpt-4",)),
        (["blockedModels"], ("*",), ("*",)),
        ([], ("***",), ()),
    ],
)
def test_a_block_beats_an_allowance_and_empty_lists_allow_all(expected: list[str], allowed: tuple, blocked: tuple):
    assert expected == rules_of(policy(allowed_models=allowed, blocked_models=blocked))


@pytest.mark.parametrize("model", ["openai/gpt-4", "OPENAI/GPT-4", "openrouter/openai/gpt-4"])
def test_a_prefix_is_no_way_around_a_block(model: str):
    assert ["blockedModels"] == rules_of(policy(blocked_models=("gpt-4",)), original_model=model)
    assert [] == rules_of(policy(allowed_models=("gpt-4",)), original_model=model)


def test_an_alias_is_no_way_around_a_block():
    assert ["blockedModels"] == rules_of(
        policy(blocked_models=("gpt-4",)), original_model="fast", request_model="gpt-4"
    )
    assert ["blockedModels"] == rules_of(policy(blocked_models=("fast",)), original_model="fast", request_model="gpt-4")
    assert [] == rules_of(policy(allowed_models=("fast",)), original_model="fast", request_model="gpt-4")


def test_a_model_that_is_not_allowed_is_told_which_are():
    (verdict,) = judge([policy(allowed_models=("claude-*", "gemini-*"))], FACTS)
    expected = 'Model gpt-4 is not allowed by policy "Production Policy". It allows claude-*, gemini-*.'
    assert expected == verdict.reason


@pytest.mark.parametrize(
    ("expected", "provider"),
    [([], "anthropic"), (["allowedProviders"], "openai"), (["allowedProviders"], "Anthropic"), ([], None)],
)
def test_only_allowed_providers_are_called(expected: list[str], provider: str | None):
    assert expected == rules_of(policy(allowed_providers=("anthropic", "azure")), provider=provider)


@pytest.mark.parametrize(
    ("expected", "task"), [([], "chat"), (["allowedTasks"], "ads"), (["allowedTasks"], None), (["allowedTasks"], "")]
)
def test_only_allowed_tasks_run_and_a_request_without_a_task_is_none(expected: list[str], task: str | None):
    assert expected == rules_of(policy(allowed_tasks=("chat", "code")), attribution=Attribution(task=task))


def test_every_missing_field_of_the_attribution_is_an_objection():
    demanding = policy(required_attribution=("team", "user", "project"))
    assert ["requiredAttribution.user", "requiredAttribution.project"] == rules_of(demanding)
    assert [] == rules_of(demanding, attribution=Attribution(team="t", user="u", project="p"))
    assert ["requiredAttribution.user"] == rules_of(demanding, attribution=Attribution(team="t", user="", project="p"))


@pytest.mark.parametrize(
    ("expected", "input_bound", "output_bound"),
    [
        ([], 600, 400),
        ([], 0, 0),
        ([], 1_000, 0),
        (["maxTokensPerReq"], 601, 400),
        (["maxTokensPerReq"], 600, 401),
        (["maxTokensPerReq"], None, 0),
        (["maxTokensPerReq"], 0, None),
        (["maxTokensPerReq"], 2**63, 2**63),
    ],
)
def test_input_and_output_together_stay_within_the_tokens(expected, input_bound, output_bound):
    limited = policy(max_tokens_per_request=1_000)
    assert expected == rules_of(limited, input_bound=input_bound, output_bound=output_bound)


@pytest.mark.parametrize(
    ("expected", "hold"), [([], 1_000), ([], 0), (["maxCostPerReqEur"], 1_001), (["maxCostPerReqEur"], None)]
)
def test_a_request_costs_at_most_what_it_may(expected: list[str], hold: int | None):
    assert expected == rules_of(policy(max_cost_per_request=1_000), hold=hold)


@pytest.mark.parametrize(("expected", "hold"), [([], 0), (["maxCostPerReqEur"], 1)])
def test_a_limit_of_nothing_leaves_what_is_free(expected: list[str], hold: int):
    assert expected == rules_of(policy(max_cost_per_request=0), hold=hold)


def test_an_absurdly_large_limit_is_no_limit_but_still_wants_a_bound():
    limited = policy(max_tokens_per_request=2**63 - 1, max_cost_per_request=2**63 - 1)
    assert [] == rules_of(limited)
    assert ["maxTokensPerReq", "maxCostPerReqEur"] == rules_of(limited, output_bound=None, hold=None)


def test_an_unbounded_request_is_told_to_set_max_tokens():
    facts = msgspec.structs.replace(FACTS, output_bound=None)
    refusal = first_block(judge([policy(max_tokens_per_request=10)], facts))
    assert "max_tokens" == refusal.param
    assert "set max_tokens" in refusal.message


def test_a_shadow_policy_says_the_same_and_blocks_nothing():
    fields = {"blocked_models": ("gpt-4",), "max_tokens_per_request": 1, "allowed_tasks": ("code",)}
    enforced = judge([policy(**fields)], FACTS)
    shadow = judge([policy(shadow=True, **fields)], FACTS)
    assert {WOULD_BLOCK} == {verdict.effect for verdict in shadow}
    assert [msgspec.structs.replace(verdict, effect=WOULD_BLOCK) for verdict in enforced] == list(shadow)
    assert first_block(shadow) is None


def test_every_policy_speaks_for_itself():
    verdicts = judge(
        [policy("Trial", shadow=True, blocked_models=("gpt-*",)), policy("Rule", allowed_models=("claude-*",))], FACTS
    )
    assert [("Trial", WOULD_BLOCK), ("Rule", BLOCKED)] == [(verdict.policy, verdict.effect) for verdict in verdicts]
    assert 'by policy "Rule"' in first_block(verdicts).message


OBJECTING: dict[str, dict[str, object]] = {
    "blockedModels": {"blocked_models": ("gpt-4",)},
    "allowedProviders": {"allowed_providers": ("anthropic",)},
    "allowedTasks": {"allowed_tasks": ("code",)},
    "requiredAttribution.user": {"required_attribution": ("user",)},
    "maxTokensPerReq": {"max_tokens_per_request": 999},
    "maxCostPerReqEur": {"max_cost_per_request": 999},
}


@pytest.mark.parametrize("count", range(1, len(OBJECTING) + 1))
def test_rules_of_one_policy_object_independently_of_each_other(count: int):
    for chosen in itertools.combinations(OBJECTING, count):
        fields = {name: value for rule in chosen for name, value in OBJECTING[rule].items()}
        assert list(chosen) == rules_of(policy(**fields))


def test_another_organizations_policies_say_nothing():
    assert [] == rules_of(policy(organization_id="other", blocked_models=("*",)))


def test_an_organization_without_policies_has_no_set():
    table = PolicyTable([policy(blocked_models=("*",))])
    assert table.of("other") is None
    assert PolicyTable([]).of("acme") is None


def test_a_table_keeps_organizations_apart_and_policies_in_order():
    table = PolicyTable(
        [
            policy("B", blocked_models=("*",)),
            policy("X", organization_id="other", blocked_models=("gpt-*",)),
            policy("A", blocked_models=("*",)),
        ]
    )
    assert ["B", "A"] == [verdict.policy for verdict in table.of("acme").judge(FACTS)]
    assert ["X"] == [verdict.policy for verdict in table.of("other").judge(FACTS)]


def test_only_a_set_with_limits_asks_for_bounds():
    assert not PolicySet([policy(blocked_models=("*",))]).sized
    assert PolicySet([policy(max_tokens_per_request=1)]).sized
    assert PolicySet([policy(max_cost_per_request=1)]).sized
    assert () == PolicySet([policy(blocked_models=("*",))]).judge_size(input_bound=None, output_bound=None, hold=None)


def test_the_first_phase_needs_no_bounds_and_the_second_no_names():
    known = PolicySet([policy(blocked_models=("gpt-4",), max_tokens_per_request=1)])
    asked = {"original_model": "gpt-4", "request_model": None, "provider": None, "attribution": Attribution()}
    assert ["blockedModels"] == [verdict.rule for verdict in known.judge_call(**asked)]
    sized = known.judge_size(input_bound=1, output_bound=1, hold=None)
    assert ["maxTokensPerReq"] == [verdict.rule for verdict in sized]


def test_a_decision_over_a_model_is_remembered_per_provider_and_sent_name():
    known = PolicySet([policy(blocked_models=("gpt-4",), allowed_providers=("openai",))])

    def asked(model: str, sent: str | None, provider: str) -> list[str]:
        verdicts = known.judge_call(
            original_model=model, request_model=sent, provider=provider, attribution=Attribution()
        )
        return [verdict.rule for verdict in verdicts]

    for _ in range(2):
        assert [] == asked("fast", "gpt-5", "openai")
        assert ["blockedModels"] == asked("fast", "gpt-4", "openai")
        assert ["blockedModels", "allowedProviders"] == asked("fast", "gpt-4", "azure")
        assert ["allowedProviders"] == asked("fast", "gpt-5", "azure")
    assert 4 == len(known._remembered)


def test_what_callers_write_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "REMEMBERED", 10)
    known = PolicySet([policy(blocked_models=("model-7",))])
    for number in range(100):
        model = f"model-{number}"
        blocked = known.judge_call(original_model=model, request_model=None, provider=None, attribution=Attribution())
        assert (number == 7) == bool(blocked)
        assert len(known._remembered) <= 10
