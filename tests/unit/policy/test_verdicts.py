import pytest

from headgate.domain.verdict import Verdict
from headgate.policy.verdicts import BLOCKED, WOULD_BLOCK, Rule, first_block, objection
from headgate.snapshot.contract import Policy

POLICY = Policy(id="1", organization_id="o", name="Production")
SHADOW = Policy(id="2", organization_id="o", name="Trial", shadow=True)


def test_only_a_shadow_policy_objects_without_consequence():
    assert Verdict(policy="Production", rule="r", effect=BLOCKED, reason="Why.") == objection(POLICY, "r", "Why.")
    assert Verdict(policy="Trial", rule="r", effect=WOULD_BLOCK, reason="Why.") == objection(SHADOW, "r", "Why.")


def test_nothing_is_refused_without_an_objection_that_counts():
    assert first_block(()) is None
    assert first_block([objection(SHADOW, "r", "a"), objection(SHADOW, "s", "b")]) is None


def test_the_first_objection_that_counts_is_the_refusal():
    verdicts = [
        objection(SHADOW, Rule.BLOCKED_MODELS, "shadow"),
        objection(POLICY, Rule.ALLOWED_MODELS, "first"),
        objection(POLICY, Rule.ALLOWED_TASKS, "second"),
    ]
    refusal = first_block(verdicts)
    assert (403, "policy_blocked", "first", "model") == (
        refusal.status,
        refusal.code,
        refusal.message,
        refusal.param,
    )


@pytest.mark.parametrize(
    ("expected", "rule"),
    [
        ("model", Rule.BLOCKED_MODELS),
        ("model", Rule.ALLOWED_MODELS),
        ("model", Rule.ALLOWED_PROVIDERS),
        ("x-headgate-task", Rule.ALLOWED_TASKS),
        ("x-headgate-team", f"{Rule.REQUIRED_ATTRIBUTION}.team"),
        ("max_tokens", Rule.MAX_TOKENS_PER_REQUEST),
        ("max_tokens", Rule.MAX_COST_PER_REQUEST),
        (None, Rule.MAX_COST_PER_DAY),
    ],
)
def test_a_refusal_names_what_the_caller_has_to_change(expected: str | None, rule: str):
    assert expected == first_block([objection(POLICY, rule, "Why.")]).param
