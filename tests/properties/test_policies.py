"""Whatever the policies and the request: blocks cannot be dressed up, and rules do not disturb each other."""

from fnmatch import fnmatchcase

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from headgate.domain.principal import Attribution
from headgate.policy.globs import Globs, folded, names_of
from headgate.policy.rules import Facts, PolicySet, PolicyTable, judge
from headgate.policy.verdicts import BLOCKED, WOULD_BLOCK, first_block
from headgate.snapshot.contract import Policy

SIGNS = st.text(st.sampled_from("aAbBgpt4-./*?[]!éÉß模"), max_size=12)
PLAIN = st.text(st.sampled_from("abgpt4-.éß模"), min_size=1, max_size=12)
LISTS = st.lists(SIGNS, max_size=3).map(tuple)
BOUNDS = st.none() | st.integers(0, 2**63)
FIELDS = st.lists(st.sampled_from(Attribution.__struct_fields__), max_size=2, unique=True).map(tuple)
WHO = st.none() | st.sampled_from(["", "a", "b"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    return Policy(
        id="1",
        organization_id=draw(st.sampled_from(["acme", "other"])),
        name=draw(PLAIN),
        shadow=draw(st.booleans()),
        allowed_models=draw(LISTS),
        blocked_models=draw(LISTS),
        allowed_providers=draw(st.lists(st.sampled_from(["openai", "azure"]), max_size=2).map(tuple)),
        allowed_tasks=draw(st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple)),
        required_attribution=draw(FIELDS),
        max_tokens_per_request=draw(st.none() | st.integers(1, 2**63)),
        max_cost_per_request=draw(st.none() | st.integers(0, 2**63)),
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    return Facts(
        organization_id="acme",
        original_model=draw(SIGNS),
        request_model=draw(st.none() | SIGNS),
        provider=draw(st.sampled_from([None, "openai", "azure", "sim"])),
        attribution=Attribution(task=draw(WHO), team=draw(WHO), user=draw(WHO)),
        input_bound=draw(BOUNDS),
        output_bound=draw(BOUNDS),
        hold=draw(BOUNDS),
    )


@given(st.lists(SIGNS, max_size=4), SIGNS)
def test_compiled_globs_agree_with_the_standard_library_one_by_one(patterns: list[str], model: str):
    names = names_of(model)
    expected = any(fnmatchcase(name, folded(pattern)) for name in names for pattern in patterns)
    assert expected == Globs(patterns).match(names)


@given(PLAIN, st.lists(PLAIN, max_size=3), st.booleans())
def test_no_prefix_and_no_letter_case_gets_around_a_block(model: str, prefixes: list[str], upper: bool):
    written = "/".join([*prefixes, model.upper() if upper else model])
    known = PolicySet([Policy(id="1", organization_id="acme", name="P", blocked_models=(model,))])
    for original, sent in ((written, None), ("alias", written)):
        verdicts = known.judge_call(
            original_model=original, request_model=sent, provider=None, attribution=Attribution()
        )
        assert ["blockedModels"] == [verdict.rule for verdict in verdicts]


@given(st.lists(policies(), max_size=4), facts())
def test_policies_together_say_what_each_says_alone(many: list[Policy], request: Facts):
    together = judge(many, request)
    alone = [verdict for policy in many for verdict in judge([policy], request)]
    assert sorted(map(tuple_of, alone)) == sorted(map(tuple_of, together))


@given(st.lists(policies(), max_size=4), facts())
def test_a_table_says_the_same_every_time_it_is_asked(many: list[Policy], request: Facts):
    known = PolicyTable(many).of("acme")
    for _ in range(2):
        assert judge(many, request) == (() if known is None else known.judge(request))


@given(st.lists(policies(), max_size=4), facts())
def test_shadows_never_refuse_and_the_others_always_do(many: list[Policy], request: Facts):
    verdicts = judge(many, request)
    assert {verdict.effect for verdict in verdicts} <= {BLOCKED, WOULD_BLOCK}
    assert (first_block(verdicts) is not None) == any(verdict.effect == BLOCKED for verdict in verdicts)
    shadows = judge([msgspec.structs.replace(policy, shadow=True) for policy in many], request)
    assert [(verdict.rule, verdict.reason) for verdict in verdicts] == [(one.rule, one.reason) for one in shadows]
    assert first_block(shadows) is None


@given(st.lists(policies(), max_size=3), facts(), st.integers(0, 2**63), st.integers(0, 2**63))
def test_a_smaller_request_is_never_refused_where_a_larger_one_was_not(many, request, less_in, less_out):
    if request.input_bound is None or request.output_bound is None or request.hold is None:
        return
    smaller = msgspec.structs.replace(
        request,
        input_bound=min(less_in, request.input_bound),
        output_bound=min(less_out, request.output_bound),
        hold=min(less_in, request.hold),
    )
    rules = {(verdict.policy, verdict.rule) for verdict in judge(many, request)}
    assert {(verdict.policy, verdict.rule) for verdict in judge(many, smaller)} <= rules


def tuple_of(verdict: object) -> tuple[object, ...]:
    return msgspec.structs.astuple(verdict)
