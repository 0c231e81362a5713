import json

import msgspec
import pytest

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Reasoning,
    Text,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.gemini.parse_request import parse_request

HELLO = {"contents": [{"parts": [{"text": "Hello"}]}]}
F = {"functionDeclarations": [{"name": "f"}, {"name": "g"}]}


def parse(**fields: object) -> Conversation:
    return parse_request({name: msgspec.Raw(json.dumps(value).encode()) for name, value in {**HELLO, **fields}.items()})


def config(**fields: object) -> Conversation:
    return parse(generationConfig=fields)


def test_knobs_are_read_in_either_spelling():
    camel = config(maxOutputTokens=9, temperature=0.5, topP=0.9, topK=40.0, stopSequences=["x"])
    snake = parse(generation_config={"max_output_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 40,
                                     "stop_sequences": ["x"]})  # fmt: skip
    assert camel == snake
    assert (9, 0.5, 0.9, 40, ("x",)) == (
        camel.max_output_tokens, camel.temperature, camel.top_p, camel.top_k, camel.stop_sequences
    )  # fmt: skip


def test_what_only_tunes_is_left_out():
    assert parse() == parse(
        safetySettings=[{"category": "x"}],
        labels={"team": "a"},
        model="models/x",
        serviceTier="flex",
        generationConfig={"seed": 1, "presencePenalty": 1, "media_resolution": "MEDIA_RESOLUTION_LOW"},
    )


def test_instructions_and_tools_are_read():
    conversation = parse(
        system_instruction={"parts": {"text": "Be brief."}},
        tools=[
            {"function_declarations": [{"name": "f", "description": "d", "parameters": {"type": "OBJECT"}}]},
            {"functionDeclarations": [{"name": "g", "parametersJsonSchema": {"type": "object", "x-y": 1.0},
                                       "response": {}, "behavior": "BLOCKING"}]},
        ],
    )  # fmt: skip
    assert (Text(text="Be brief."),) == conversation.system
    assert [("f", "d", '{"type":"object"}'), ("g", None, '{"type":"object","x-y":1.0}')] == [
        (tool.name, tool.description, tool.parameters) for tool in conversation.tools
    ]


@pytest.mark.parametrize(
    ("calling", "expected"),
    [
        ({"mode": "AUTO"}, ToolChoice(kind=ToolChoiceKind.AUTO)),
        ({"mode": "validated"}, ToolChoice(kind=ToolChoiceKind.AUTO)),
        ({}, ToolChoice(kind=ToolChoiceKind.AUTO)),
        ({"mode": "NONE"}, ToolChoice(kind=ToolChoiceKind.NONE)),
        ({"mode": "ANY"}, ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        ({"mode": "ANY", "allowedFunctionNames": ["g", "f"]}, ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        ({"mode": "ANY", "allowed_function_names": ["g"]}, ToolChoice(kind=ToolChoiceKind.NAMED, name="g")),
        ({"mode": "MODE_UNSPECIFIED"}, None),
    ],
)
def test_the_choice_of_tools(calling: dict, expected: ToolChoice | None):
    assert expected == parse(tools=F, tool_config={"function_calling_config": calling}).tool_choice


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, JsonFormat()),
        ({"responseSchema": {"type": "OBJECT"}}, JsonSchemaFormat(schema='{"type":"object"}', strict=True)),
        ({"responseJsonSchema": {"type": "object"}, "responseMimeType": "application/json"},
         JsonSchemaFormat(schema='{"type":"object"}', strict=True)),
    ],
)  # fmt: skip
def test_the_shape_of_the_answer(given: dict, expected: object):
    assert expected == config(**given).response_format


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        ({"thinkingBudget": 0}, Reasoning(enabled=False)),
        ({"thinking_budget": 512}, Reasoning(enabled=True, budget_tokens=512)),
        ({"thinkingBudget": -1}, Reasoning(enabled=True)),
        ({"thinkingLevel": "low", "includeThoughts": True}, Reasoning(enabled=True, effort="low")),
        ({"includeThoughts": True}, Reasoning(enabled=True)),
        ({"includeThoughts": False}, None),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
    ],
)
def test_how_much_to_think(thinking: dict, expected: Reasoning | None):
    assert expected == config(thinkingConfig=thinking).reasoning


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cachedContent": "cachedContents/a"}, "cachedContent"),
        ({"tools": [{"googleSearch": {}}]}, "tools[0].googleSearch"),
        ({"tools": [{"code_execution": {}}]}, "tools[0].codeExecution"),
        ({"tools": F, "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}}},
         "toolConfig.functionCallingConfig.allowedFunctionNames"),
        ({"tools": F, "toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}, "toolConfig.functionCallingConfig.mode"),
        ({"generationConfig": {"candidateCount": 2}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"responseLogprobs": True}}, "generationConfig.responseLogprobs"),
        ({"generationConfig": {"logprobs": 3}}, "generationConfig.logprobs"),
        ({"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}, "generationConfig.responseModalities"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"responseMimeType": "text/x.enum"}}, "generationConfig.responseMimeType"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "VAST"}}},
         "generationConfig.thinkingConfig.thinkingLevel"),
        ({"generationConfig": {"speechConfig": {}}}, "generationConfig.speechConfig"),
        ({"contents": "Hello"}, "contents"),
        ({"contents": None}, "contents"),
        ({"unknown": 1}, "unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_named(fields: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(**fields)
    assert field == caught.value.field
