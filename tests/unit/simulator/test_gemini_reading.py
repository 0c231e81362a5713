from typing import Any

import msgspec
import pytest

from headgate.simulator.gemini_reading import GeminiAsk, read_gemini
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked

HELLO = [{"role": "user", "parts": [{"text": "hello"}]}]
SCHEMA = {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}}


def read(model: str = "sim/small", **fields: Any) -> GeminiAsk:
    body = msgspec.json.encode({"contents": HELLO, **fields})
    return read_gemini(Asked("", body, {}, NO_KNOBS, "0", 0), model, stream=False)


def test_a_plain_question_has_defaults():
    ask = read().ask
    assert ("small", "sim/small", "hello", True) == (
        ask.model.name,
        ask.model_name,
        ask.last_user_text,
        ask.user_spoke_last,
    )
    assert (None, (), False, 1, 3 + 3 + 2) == (ask.max_tokens, ask.tools, ask.stream, ask.choices, ask.prompt_tokens)


def test_what_is_given_is_read():
    ask = read(
        tools=[{"functionDeclarations": [{"name": "look_up", "parameters": SCHEMA}, {"name": "other"}]}, {}],
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look_up"]}},
        generationConfig={"maxOutputTokens": 9, "stopSequences": ["a"], "candidateCount": 2},
    ).ask
    assert (["look_up"], True, 9, ("a",), 2) == (
        [tool.name for tool in ask.tools], ask.must_call, ask.max_tokens, ask.stop, ask.choices,
    )  # fmt: skip
    assert not read(toolConfig={"functionCallingConfig": {"mode": "NONE"}}).ask.may_call


def test_types_are_read_in_small_letters():
    lowered = {"type": "object", "properties": {"type": {"type": "string"}}}
    assert lowered == read(generationConfig={"responseSchema": SCHEMA}).ask.schema
    assert lowered == read(generationConfig={"responseJsonSchema": lowered}).ask.schema
    assert read(generationConfig={"responseMimeType": "application/json"}).ask.schema
    assert read().ask.schema is None


@pytest.mark.parametrize("name", ["parameters", "parametersJsonSchema", "parameters_json_schema"])
def test_a_function_is_described_in_either_spelling(name: str):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    (tool,) = read(tools=[{"functionDeclarations": [{"name": "look_up", name: schema}]}]).ask.tools
    assert schema == tool.schema


def test_a_result_is_not_the_user_speaking():
    result = {"functionResponse": {"name": "look_up", "response": {}}}
    assert not read(contents=[*HELLO, {"role": "user", "parts": [result]}]).ask.user_spoke_last


def test_all_that_is_sent_counts():
    plain = read().ask.prompt_tokens
    assert plain < read(systemInstruction={"parts": [{"text": "Be brief."}]}).ask.prompt_tokens
    assert plain < read(tools=[{"functionDeclarations": [{"name": "look_up"}]}]).ask.prompt_tokens
    image = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    assert plain < read(contents=[{"parts": [{"text": "hello"}, image]}]).ask.prompt_tokens


@pytest.mark.parametrize(
    ("model", "thinking", "tokens", "shown"),
    [
        ("sim/small", None, 0, False),
        ("sim/reasoner", None, 96, False),
        ("sim/reasoner", {"thinkingBudget": 0}, 0, False),
        ("sim/small", {"thinkingBudget": -1, "includeThoughts": True}, 96, True),
        ("sim/small", {"thinkingBudget": 20}, 20, False),
        ("sim/small", {"thinkingLevel": "low"}, 96, False),
    ],
)
def test_a_model_thinks_where_it_is_asked_to_or_always_does(model: str, thinking: Any, tokens: int, shown: bool):
    asked = read(model, generationConfig={} if thinking is None else {"thinkingConfig": thinking})
    assert (tokens, shown) == (asked.ask.reasoning_tokens, asked.shows_thoughts)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"model": "sim/embed"}),
        (400, {"contents": None}),
        (400, {"contents": []}),
        (400, {"contents": [{"role": "assistant", "parts": []}]}),
        (400, {"generationConfig": {"maxOutputTokens": 0}}),
        (400, {"contents": [{"parts": [{"text": "x" * 4 * 140_000}]}]}),
    ],
)
def test_a_request_at_fault_is_refused(status: int, fields: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        read(**fields)
    assert status == caught.value.status
