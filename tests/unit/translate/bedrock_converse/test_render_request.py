import json
from typing import Any

import pytest

from headgate.domain.conversation import (
    CacheHint,
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Message,
    Reasoning,
    Role,
    Text,
    Tool,
)
from headgate.translate.bedrock_converse.render_request import render_request
from headgate.translate.codec import UntranslatableError

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "amazon.nova-lite-v1:0"
ASKED = Message(role=Role.USER, parts=(Text(text="Hi"),))


def render(model: str = CLAUDE, **fields: Any) -> Any:
    conversation = Conversation(**({"messages": (ASKED,)} | fields))
    return json.loads(render_request(conversation, model=model, default_max_tokens=4_096))


def test_model_and_streaming_stand_in_the_address():
    assert {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]} == render(stream=True, user="somebody")


def test_instructions_come_first_wherever_they_stood():
    later = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
    body = render(system=(Text(text="Be kind."),), messages=(ASKED, later))
    assert [{"text": "Be kind."}, {"text": "Be brief."}] == body["system"]
    assert 1 == len(body["messages"])


def test_knobs_that_all_models_have():
    body = render(NOVA, max_output_tokens=50, temperature=1.7, top_p=0.5, stop_sequences=("END",))
    assert {"maxTokens": 50, "temperature": 1.0, "topP": 0.5, "stopSequences": ["END"]} == body["inferenceConfig"]
    assert "additionalModelResponseFieldPaths" not in body


def test_claude_is_asked_which_stop_sequence_it_met():
    assert ["/stop_sequence"] == render(stop_sequences=("END",))["additionalModelResponseFieldPaths"]


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        ({"top_k": 5}, CLAUDE),
        ({"inferenceConfig": {"topK": 5}}, NOVA),
        ({"inferenceConfig": {"topK": 5}}, "us.amazon.nova-2-lite-v1:0"),
        ({"top_k": 5}, "mistral.mistral-large-2402-v1:0"),
        ({"k": 5}, "cohere.command-r-v1:0"),
        (None, "meta.llama3-8b-instruct-v1:0"),
    ],
)
def test_top_k_has_as_many_names_as_makers(expected: object, model: str):
    assert expected == render(model, top_k=5).get("additionalModelRequestFields")


def test_beside_thinking_no_sampling_knob_is_sent():
    thinking = {"reasoning": Reasoning(budget_tokens=2_000), "temperature": 0.5, "top_p": 0.5, "top_k": 5}
    body = render(max_output_tokens=4_000, **thinking)
    assert {"maxTokens": 4_000} == body["inferenceConfig"]
    assert {"thinking": {"type": "enabled", "budget_tokens": 2_000}} == body["additionalModelRequestFields"]


def test_what_claude_alone_knows_stands_together():
    body = render(tools=(Tool(name="t"),), parallel_tool_calls=False, top_k=3, reasoning=Reasoning(enabled=False))
    assert {
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "top_k": 3,
    } == body["additionalModelRequestFields"]


def test_the_shape_of_the_answer_is_text():
    given = JsonSchemaFormat(schema='{"type": "object"}', name="City", description="A city.", strict=True)
    schema = {"schema": '{"type": "object"}', "name": "City", "description": "A city."}
    text_format = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    assert {"textFormat": text_format} == render(response_format=given)["outputConfig"]
    bare = render(response_format=JsonSchemaFormat(schema="{}"))["outputConfig"]["textFormat"]
    assert {"jsonSchema": {"schema": "{}"}} == bare["structure"]


@pytest.mark.parametrize(
    ("field", "given"),
    [("response_format.type", JsonFormat()), ("response_format.schema", JsonSchemaFormat(schema="[1]"))],
)
def test_a_shape_that_cannot_be_said_is_refused(field: str, given: JsonFormat | JsonSchemaFormat):
    with pytest.raises(UntranslatableError) as found:
        render(response_format=given)
    assert field == found.value.field


def test_everything_may_be_cached_at_once():
    body = render(cache=CacheHint.ONE_HOUR)
    assert {"cachePoint": {"type": "default", "ttl": "1h"}} == body["messages"][0]["content"][-1]
