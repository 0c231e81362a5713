import json
from typing import Any

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Unit
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shape import shape_of
from headgate.pricing.shapes.rerank import PER_DOCUMENT
from headgate.pricing.shapes.tools import SEARCHES_WITHOUT_LIMIT
from headgate.providers.table import provider


def shape(form: Format = Format.OPENAI_CHAT, operator: str = "sim", **fields: Any) -> RequestShape:
    body = json.dumps({"messages": [{"role": "user", "content": "hello"}], **fields}).encode()
    return shape_of(form, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body, provider(operator))


def parts(*content: dict[str, Any], **fields: Any) -> RequestShape:
    return shape(messages=[{"role": "user", "content": list(content)}], **fields)


def test_a_plain_request_is_its_bytes():
    plain = shape()
    assert (len(json.dumps({"messages": [{"role": "user", "content": "hello"}]})), 1) == (
        plain.body_bytes,
        plain.choices,
    )
    assert not plain.refers_outside
    assert (None, 0, 0, False, ()) == (
        plain.max_output_tokens,
        plain.images,
        plain.surcharge_tokens,
        plain.long_cache,
        plain.service_tiers,
    )


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_on_the_output_is_read(name: str):
    assert 77 == shape(**{name: 77}).max_output_tokens


def test_of_two_limits_the_larger_counts():
    assert 80 == shape(max_tokens=80, max_completion_tokens=20).max_output_tokens


def test_a_limit_that_the_operator_does_not_obey_is_not_believed():
    assert shape(operator="deepseek", max_completion_tokens=20).max_output_tokens is None
    assert 20 == shape(operator="deepseek", max_tokens=20).max_output_tokens


def test_a_request_that_will_be_translated_may_use_either_limit():
    assert 20 == shape(operator="anthropic", max_completion_tokens=20).max_output_tokens


@pytest.mark.parametrize("strange", [None, "12", -1, 1.5, [1]])
def test_a_limit_that_is_no_count_is_none(strange: object):
    assert shape(max_tokens=strange).max_output_tokens is None


def test_choices_are_counted():
    assert 3 == shape(n=3).choices
    assert 1 == shape(n=0).choices


def test_text_parts_are_self_contained():
    assert not parts({"type": "text", "text": 'an "image_url" and a "document"'}).refers_outside


def test_images_are_counted_also_inside_tool_results():
    image = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    seen = parts(
        {"type": "image_url", "image_url": {"url": "https://x"}}, {"type": "tool_result", "content": [image, image]}
    )
    assert (3, False) == (seen.images, seen.refers_outside)


def test_audio_is_noticed():
    assert parts({"type": "input_audio", "input_audio": {"data": "AAAA"}}).audio


@pytest.mark.parametrize("kind", ["document", "file", "video_url", "container_upload", "something_new"])
def test_parts_that_refer_to_more_than_they_hold_refer_outside(kind: str):
    assert parts({"type": kind}).refers_outside


def test_a_type_written_with_escapes_is_still_seen():
    body = b'{"messages":[{"role":"user","content":[{"t\\u0079pe":"docu\\u006dent"}]}]}'
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert shape_of(Format.OPENAI_CHAT, fields, body, provider("sim")).refers_outside


@pytest.mark.parametrize("messages", [None, 7, [7], [{"content": 7}], [{"content": [{"text": "no type"}]}]])
def test_messages_that_cannot_be_read_refer_outside(messages: object):
    assert shape(messages=messages).refers_outside


@pytest.mark.parametrize("field", ["previous_response_id", "mcp_servers", "container", "documents"])
def test_fields_that_bring_in_more_refer_outside(field: str):
    assert shape(**{field: "x"}).refers_outside
    assert not shape(**{field: None}).refers_outside


def test_a_spoken_answer_by_its_id_refers_outside():
    assert shape(messages=[{"role": "assistant", "audio": {"id": "audio_1"}}]).refers_outside


def test_tools_of_the_caller_cost_the_preamble_alone():
    tool = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"type": {"type": "document"}}}}}
    seen = shape(operator="groq", tools=[tool])
    assert (False, False, 0) == (seen.refers_outside, seen.server_tools, seen.searches)
    assert (
        seen.surcharge_tokens
        > shape(operator="groq").surcharge_tokens
        == shape(operator="groq", tools=[]).surcharge_tokens
    )


@pytest.mark.parametrize("kind", ["bash_20250124", "text_editor_20250728", "custom", None])
def test_tools_that_the_caller_runs_are_the_callers(kind: str | None):
    assert not shape(Format.ANTHROPIC_MESSAGES, tools=[{"type": kind, "name": "t"}]).server_tools


@pytest.mark.parametrize(
    "kind", ["web_search_20250305", "code_execution_20250522", "openrouter:web_search", "browser_search"]
)
def test_tools_that_the_operator_runs_refer_outside(kind: str):
    seen = shape(tools=[{"type": kind}])
    assert (True, True) == (seen.server_tools, seen.refers_outside)
    assert (SEARCHES_WITHOUT_LIMIT if "search" in kind else 0) == seen.searches


def test_a_limit_on_searches_is_read():
    assert 3 == shape(Format.ANTHROPIC_MESSAGES, tools=[{"type": "web_search_20250305", "max_uses": 3}]).searches


def test_tools_that_cannot_be_read_are_taken_for_the_operators():
    assert shape(tools="x").server_tools


@pytest.mark.parametrize("field", ["web_search_options", "plugins", "search_parameters"])
def test_fields_that_switch_search_on_are_searches(field: str):
    seen = shape(**{field: {"max": 1}})
    assert (True, SEARCHES_WITHOUT_LIMIT) == (seen.server_tools, seen.searches)
    assert 0 == shape(**{field: None}).searches


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"tools": [{"name": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"messages": [{"content": [{"type": "text", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}]},
    ],
)
def test_an_hour_in_the_cache_is_noticed_wherever_it_stands(fields: dict[str, Any]):
    assert shape(Format.ANTHROPIC_MESSAGES, **fields).long_cache


def test_five_minutes_are_the_default():
    assert not shape(Format.ANTHROPIC_MESSAGES, cache_control={"type": "ephemeral"}).long_cache


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (("flex",), {"service_tier": "flex"}),
        (("priority", "fast"), {"service_tier": "auto"}),
        (("us",), {"inference_geo": "us"}),
        (("fast",), {"speed": "fast"}),
        ((), {"service_tier": None}),
    ],
)
def test_tiers_that_the_request_may_be_billed_at_are_named(expected: tuple[str, ...], fields: dict[str, Any]):
    assert expected == shape(**fields).service_tiers


def test_a_workspaces_default_geography_is_reckoned_with():
    assert ("us",) == shape(Format.ANTHROPIC_MESSAGES).service_tiers
    assert ("global",) == shape(Format.ANTHROPIC_MESSAGES, inference_geo="global").service_tiers


def test_perplexity_decides_the_size_of_the_search_itself():
    assert ("search-low", "search-medium", "search-high") == shape(operator="perplexity").service_tiers


def test_deep_research_obeys_no_limit():
    assert shape(operator="perplexity", model="sonar-deep-research", max_tokens=5).max_output_tokens is None
    assert 5 == shape(operator="perplexity", model="sonar", max_tokens=5).max_output_tokens


def test_a_predicted_output_may_be_billed_beside_the_answer():
    assert 9 <= shape(prediction={"type": "content", "content": "x"}).predicted_tokens


def test_other_modalities_are_noticed():
    assert shape(modalities=["text", "audio"]).modalities


def asked(form: Format, operator: str = "sim", **fields: Any) -> RequestShape:
    body = json.dumps(fields).encode()
    return shape_of(form, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body, provider(operator))


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [("one", 1), (["one", "two"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2), ([], 1), (7, 1), (None, 1)],
)
def test_every_prompt_of_a_text_completion_is_answered(prompt: object, prompts: int):
    assert prompts == asked(Format.OPENAI_COMPLETIONS, prompt=prompt).choices
    assert 5 * prompts == asked(Format.OPENAI_COMPLETIONS, prompt=prompt, n=2, best_of=5).choices


def test_a_text_completion_without_a_limit_ends_where_its_operator_says():
    assert 16 == asked(Format.OPENAI_COMPLETIONS, "openai", prompt="x").max_output_tokens
    assert asked(Format.OPENAI_COMPLETIONS, "together", prompt="x").max_output_tokens is None
    assert 7 == asked(Format.OPENAI_COMPLETIONS, "openai", prompt="x", max_tokens=7).max_output_tokens


def test_an_echoed_prompt_may_be_billed_once_more():
    shape = asked(Format.OPENAI_COMPLETIONS, prompt="hello", echo=True, best_of=3)
    assert 3 * shape.body_bytes == shape.predicted_tokens
    assert 0 == asked(Format.OPENAI_COMPLETIONS, prompt="hello", echo=False).predicted_tokens


def searches(shape: RequestShape) -> int:
    ((unit, most),) = shape.counted
    assert Unit.SEARCH_UNIT is unit
    return most


@pytest.mark.parametrize(
    ("documents", "units"),
    [(["a"], 1), (["a"] * 100, 1), (["a"] * 101, 2), (["a" * 2_000] * 100, 5), ([], 1), ("no list", 1), (None, 1)],
)
def test_a_search_is_a_query_with_a_hundred_documents_and_a_long_one_is_several(documents: object, units: int):
    assert units == searches(asked(Format.RERANK, query="x" * 40, documents=documents))


def test_a_document_that_is_read_to_a_limit_counts_to_there():
    assert 1 == searches(asked(Format.RERANK, query="x", documents=["a" * 50_000] * 90, max_tokens_per_doc=400))


def test_a_query_is_read_with_every_document():
    query, documents = "q" * 98, ["a"] * 50
    shape = asked(Format.RERANK, query=query, documents=documents)
    body = len(json.dumps({"query": query, "documents": documents}))
    assert body + 50 * (100 + PER_DOCUMENT) == shape.body_bytes
    assert not shape.output


def test_moderation_has_no_output():
    assert not asked(Format.OPENAI_MODERATIONS, input="x").output


def test_images_are_counted_by_number_and_priced_by_quality_and_size():
    shape = asked(Format.OPENAI_IMAGES, prompt="x", n=3, quality="hd", size="1024x1792")
    assert (((Unit.IMAGE, 3),), "hd/1024x1792", 3) == (shape.counted, shape.tier, shape.choices)
    assert "standard/1024x1024" == asked(Format.OPENAI_IMAGES, prompt="x").tier
    assert ((Unit.IMAGE, 1),) == asked(Format.OPENAI_IMAGES, prompt="x", n=None, size=7).counted


def test_partial_images_cost_some_more():
    assert 2 * 3 * 100 == asked(Format.OPENAI_IMAGES, prompt="x", n=2, partial_images=3).predicted_tokens


@pytest.mark.parametrize(("text", "characters"), [("Hello", 5), ("Hällo\n", 6), ("\U0001f600", 1), ("", 0), (7, 0)])
def test_speech_is_counted_by_characters(text: object, characters: int):
    assert ((Unit.CHARACTER, characters),) == asked(Format.OPENAI_SPEECH, input=text).counted


def cohere(*messages: dict[str, Any], **fields: Any) -> RequestShape:
    given = messages or ({"role": "user", "content": "hello"},)
    return shape(Format.COHERE_CHAT, "cohere", **{"messages": list(given), **fields})


def test_documents_in_a_body_of_coheres_are_nothing_outside_it():
    shown = {"type": "document", "document": {"id": "1", "data": {"text": "Red."}}}
    whole = cohere(
        {"role": "user", "content": [{"type": "text", "text": "Which?"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "tool_call_id": "c", "content": [shown]},
        documents=["Blue.", {"data": {"text": "Green."}}],
        tools=[{"type": "function", "function": {"name": "look"}}],
        max_tokens=40,
        max_completion_tokens=5,
    )
    assert (False, 40, 1_280) == (whole.refers_outside, whole.max_output_tokens, whole.surcharge_tokens)
    assert 256 == cohere().surcharge_tokens


def test_images_in_a_body_of_coheres_are_counted():
    image = {"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}}
    seen = cohere({"role": "user", "content": [image, image]})
    assert (2, False) == (seen.images, seen.refers_outside)


@pytest.mark.parametrize(
    "strange",
    [
        {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
        {"messages": [{"role": "user", "content": {"a": 1}}]},
        {"messages": 3},
        {"tools": [{"type": "web_search"}]},
        {"tools": {}},
    ],
)
def test_what_is_not_known_of_a_body_of_coheres_may_be_more_than_it_shows(strange: dict[str, Any]):
    assert cohere(**strange).refers_outside
