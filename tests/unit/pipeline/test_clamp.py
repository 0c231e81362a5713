import json
from typing import Any

import pytest

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.pipeline.clamp import clamped
from headgate.pipeline.doors import CHAT, GENERATE_CONTENT, MESSAGES, Door
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.intake import read_intake
from headgate.pricing.shape import shape_of
from headgate.providers.table import PROVIDERS
from headgate.routing.target import Target

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def sent(door: Door, operator: str, affordable: int, /, **fields: Any) -> dict[str, Any] | None:
    """What leaves for the operator once the request is clamped."""
    provider = PROVIDERS[operator]
    body = json.dumps({**HELLO, **fields}, separators=(",", ":")).encode()
    intake = clamped(read_intake(door, body), door.format, provider, affordable)
    if intake is None:
        return None
    shape = shape_of(door.format, intake.fields, body, provider)
    target = Target(deployment_id=DeploymentId("d"), provider=provider, base_url="", credential=None, model="m")
    leaves = json.loads(Exchange(door, intake, target, max_output=None, created=1).body)
    limits = {leaves[name] for name in ("max_tokens", "max_completion_tokens") if name in leaves}
    assert {shape.max_output_tokens} == limits
    return leaves


def limits_sent(door: Door, operator: str, affordable: int, /, **fields: Any) -> dict[str, int]:
    leaves = sent(door, operator, affordable, **fields)
    assert leaves is not None
    return {name: value for name, value in leaves.items() if name in {"max_tokens", "max_completion_tokens"}}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_callers_own_field_is_lowered(name: str):
    assert {name: 100} == limits_sent(CHAT, "openai", 100, **{name: 900})


def test_a_limit_of_the_same_length_is_still_replaced():
    assert {"max_tokens": 100} == limits_sent(CHAT, "openai", 100, max_tokens=900, stream=False)


def test_a_lower_limit_of_the_caller_stays():
    assert {"max_tokens": 20} == limits_sent(CHAT, "openai", 100, max_tokens=20)


@pytest.mark.parametrize(
    ("door", "operator", "name"),
    [
        (CHAT, "openai", "max_completion_tokens"),
        (CHAT, "together", "max_tokens"),
        (CHAT, "anthropic", "max_tokens"),
        (MESSAGES, "anthropic", "max_tokens"),
        (MESSAGES, "openrouter", "max_tokens"),
        (MESSAGES, "openai", "max_tokens"),
    ],
)
def test_where_the_caller_gave_none_it_is_the_operators_own(door: Door, operator: str, name: str):
    assert {name: 100} == limits_sent(door, operator, 100)


def test_a_field_that_the_operator_does_not_obey_is_replaced_by_one_that_it_does():
    assert {"max_tokens": 100} == limits_sent(CHAT, "together", 100, max_completion_tokens=900)
    assert {"max_tokens": 50} == limits_sent(CHAT, "together", 100, max_completion_tokens=50)


def test_two_limits_become_one():
    assert {"max_completion_tokens": 100} == limits_sent(CHAT, "openai", 100, max_tokens=900, max_completion_tokens=800)
    assert {"max_completion_tokens": 70} == limits_sent(CHAT, "openai", 100, max_tokens=70, max_completion_tokens=800)


@pytest.mark.parametrize("given", [None, 0, -1])
def test_a_word_for_no_limit_is_replaced(given: int | None):
    assert [100] == list(limits_sent(CHAT, "vllm", 100, max_tokens=given).values())


def test_the_limit_of_a_translated_request_is_lowered():
    assert {"max_tokens": 100} == limits_sent(CHAT, "anthropic", 100, max_completion_tokens=900)
    assert {"max_tokens": 100} == limits_sent(MESSAGES, "openai", 100, max_tokens=900)


def test_the_limit_is_per_choice():
    leaves = sent(CHAT, "openai", 100, n=3, max_tokens=900)
    assert leaves is not None
    assert (3, 100) == (leaves["n"], leaves["max_tokens"])


def test_everything_else_stays():
    leaves = sent(CHAT, "openai", 100, max_tokens=900, temperature=0.5, metadata={"a": "b"})
    assert {**HELLO, "temperature": 0.5, "metadata": {"a": "b"}, "max_tokens": 100} == leaves


@pytest.mark.parametrize("name", ["thinking", "reasoning"])
def test_a_limit_leaves_room_for_the_thinking_that_was_asked_for(name: str):
    wanted = {"thinking": {"type": "enabled", "budget_tokens": 2_000}, "reasoning": {"max_tokens": 2_000}}[name]
    door, operator = (MESSAGES, "anthropic") if name == "thinking" else (CHAT, "openrouter")
    assert sent(door, operator, 2_015, max_tokens=9_000, **{name: wanted}) is None
    assert {"max_tokens": 2_016} == limits_sent(door, operator, 2_016, max_tokens=9_000, **{name: wanted})


@pytest.mark.parametrize("wanted", [None, "high", {"type": "adaptive"}, {"effort": "high"}])
def test_thinking_without_a_figure_does_not_hinder(wanted: object):
    assert {"max_tokens": 16} == limits_sent(MESSAGES, "anthropic", 16, max_tokens=900, thinking=wanted)


def test_where_the_operator_obeys_no_limit_there_is_no_clamp():
    assert sent(CHAT, "perplexity", 100, model="sonar-deep-research", max_tokens=900) is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, {"maxOutputTokens": 100}),
        ({"maxOutputTokens": 900, "topK": 4}, {"maxOutputTokens": 100, "topK": 4}),
        ({"max_output_tokens": 900}, {"maxOutputTokens": 100}),
        ({"maxOutputTokens": 20}, {"maxOutputTokens": 20}),
        ({"thinkingConfig": {"thinkingBudget": 200}}, None),
        (
            {"thinkingConfig": {"thinkingBudget": 50}},
            {"thinkingConfig": {"thinkingBudget": 50}, "maxOutputTokens": 100},
        ),
    ],
)
@pytest.mark.parametrize("name", ["generationConfig", "generation_config"])
def test_geminis_limit_is_lowered_where_it_stands(name: str, config: dict[str, Any], expected: dict[str, Any] | None):
    body = json.dumps({"contents": [], name: config}).encode()
    intake = read_intake(GENERATE_CONTENT, body, path="/v1beta/models/m:generateContent")
    shorter = clamped(intake, Format.GEMINI, PROVIDERS["gemini"], 100)
    if expected is None:
        assert shorter is None
        return
    assert shorter is not None
    (found,) = [json.loads(bytes(raw)) for field, raw in shorter.fields.items() if field != "contents"]
    assert expected == found
    assert (
        expected["maxOutputTokens"]
        == shape_of(Format.GEMINI, shorter.fields, body, PROVIDERS["gemini"]).max_output_tokens
    )
