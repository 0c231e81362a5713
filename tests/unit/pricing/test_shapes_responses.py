import json
from typing import Any

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Unit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT
from headgate.providers.table import provider

FUNCTION = {"type": "function", "name": "f"}


def shape(operator: str = "sim", **fields: Any) -> RequestShape:
    body = json.dumps({"input": "hello", **fields}).encode()
    read = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return shape_of(Format.OPENAI_RESPONSES, read, body, provider(operator))


def items(*given: dict[str, Any]) -> RequestShape:
    return shape(input=[*given])


def user(*content: dict[str, Any]) -> RequestShape:
    return items({"role": "user", "content": [*content]})


def test_a_plain_request_is_its_bytes():
    size = len(json.dumps({"input": "hello"}))
    assert RequestShape(body_bytes=size, limit_field="max_output_tokens") == shape()
    assert shape().plain


def test_the_limit_is_read_whoever_the_operator_is():
    assert 30 == shape("deepseek", max_output_tokens=30).max_output_tokens
    assert shape(max_tokens=30, max_completion_tokens=30).max_output_tokens is None


@pytest.mark.parametrize(
    "item",
    [
        {"role": "user", "content": "x"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "x"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "x"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "x"}]},
        {"type": "reasoning", "summary": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
    ],
)
def test_items_that_hold_what_they_say_are_bounded_by_their_size(item: dict[str, Any]):
    assert not items(item).refers_outside


@pytest.mark.parametrize(
    "item",
    [
        {"type": "item_reference", "id": "msg_1"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "compaction", "encrypted_content": "x"},
        {"role": "user", "content": [{"type": "input_file", "file_id": "f"}]},
        {"role": "user", "content": [{"type": "something_new"}]},
        {"role": "user", "content": {"odd": 1}},
        {"type": "function_call_output", "call_id": "c", "output": 5},
        {"type": 5},
    ],
)
def test_items_that_may_be_more_than_they_hold_refer_outside(item: dict[str, Any]):
    assert items(item).refers_outside


@pytest.mark.parametrize(
    "field", [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}]
)
def test_what_the_operator_keeps_refers_outside(field: dict[str, Any]):
    assert shape(**field).refers_outside
    assert not shape(**dict.fromkeys(field)).refers_outside


@pytest.mark.parametrize(
    ("reasoning", "outside"),
    [
        (None, False),
        ({}, False),
        ({"effort": "low", "summary": None}, False),
        ({"mode": "standard", "context": "all_turns"}, False),
        ({"mode": None}, False),
        ({"mode": "pro"}, True),
        ({"mode": "something_new"}, True),
        ({"mode": 7}, True),
        ("low", True),
    ],
)
def test_a_mode_of_reasoning_that_adds_prompts_refers_outside(reasoning: object, outside: bool):
    assert outside == shape(reasoning=reasoning).refers_outside


def test_images_and_sound_are_noticed():
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AA"}
    assert 2 == user(picture, picture).images
    assert 1 == items({"type": "function_call_output", "call_id": "c", "output": [picture]}).images
    assert user({"type": "input_audio", "input_audio": {}}).audio


@pytest.mark.parametrize("kind", ["function", "custom", "local_shell", "apply_patch", "computer_use_preview"])
def test_tools_that_the_caller_runs_are_the_callers(kind: str):
    seen = shape("openai", tools=[{"type": kind}])
    assert (False, False, 0, ()) == (seen.server_tools, seen.refers_outside, seen.searches, seen.fees)
    assert shape("openai").surcharge_tokens < seen.surcharge_tokens


@pytest.mark.parametrize("kind", ["web_search", "web_search_preview", "x_search", "mcp", "shell", "something_new"])
def test_tools_that_the_operator_runs_refer_outside(kind: str):
    seen = shape(tools=[{"type": kind, "server_label": "x"}])
    assert (True, True) == (seen.server_tools, seen.refers_outside)
    assert (SEARCHES_WITHOUT_LIMIT if "search" in kind else 0) == seen.searches


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("file_search", Unit.FILE_SEARCH),
        ("code_interpreter", Unit.CODE_SESSION),
        ("image_generation", Unit.TOOL_IMAGE),
    ],
)
def test_what_a_tool_is_billed_by_is_bounded_by_the_limit_on_calls(kind: str, unit: Unit):
    assert ((unit, SEARCHES_WITHOUT_LIMIT),) == shape(tools=[FUNCTION, {"type": kind}]).fees
    limited = shape(tools=[{"type": kind}, {"type": "web_search"}], max_tool_calls=3)
    assert (((unit, 3),), 3) == (limited.fees, limited.searches)
    assert not limited.plain


def test_tools_that_cannot_be_read_are_taken_for_the_operators():
    seen = shape(tools=[5])
    assert (True, SEARCHES_WITHOUT_LIMIT) == (seen.server_tools, seen.searches)


def test_the_tier_that_is_wished_may_be_billed():
    assert ("flex",) == shape(service_tier="flex").service_tiers
