import json

import pytest

from headgate.domain.conversation import Conversation, JsonFormat, JsonSchemaFormat, Message, Role, Text, Tool
from headgate.translate.codec import UntranslatableError
from headgate.translate.tgi_generate.render_request import render_request


def render(**fields: object) -> dict:
    said = (Message(role=Role.USER, parts=(Text(text="Hi"),)),)
    return json.loads(render_request(Conversation(messages=said, **fields)))


def test_everything_that_is_counted_is_asked_for():
    expected = {"details": True, "decoder_input_details": True, "return_full_text": False}
    assert {"inputs": "Hi", "parameters": expected} == render()


def test_a_stream_is_not_asked_for_what_it_would_refuse():
    assert render(stream=True)["parameters"]["decoder_input_details"] is False


def test_knobs_are_parameters():
    sent = render(max_output_tokens=9, temperature=0.5, top_p=0.9, top_k=3, stop_sequences=("a",))["parameters"]
    expected = {"max_new_tokens": 9, "do_sample": True, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stop": ["a"]}
    assert expected == {name: sent[name] for name in expected}


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"temperature": 0.0, "top_p": 0.5}, {"do_sample": False}),
        ({"top_p": 1.0, "top_k": 0}, {}),
        ({"top_p": 0.0}, {}),
        ({"top_p": 1.0, "temperature": 1.0}, {"do_sample": True, "temperature": 1.0}),
    ],
)
def test_knobs_that_the_server_refuses_are_left_out(knobs: dict, expected: dict):
    sent = render(**knobs)["parameters"]
    assert expected == {name: sent[name] for name in ("do_sample", "temperature", "top_p", "top_k") if name in sent}


def test_the_shape_of_the_answer_is_a_grammar():
    schema = JsonSchemaFormat(schema='{"type":"object","properties":{}}')
    expected = {"type": "json", "value": {"type": "object", "properties": {}}}
    assert expected == render(response_format=schema)["parameters"]["grammar"]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("tools", {"tools": (Tool(name="f"),)}),
        ("stop_sequences", {"stop_sequences": tuple("abcde")}),
        ("response_format.type", {"response_format": JsonFormat()}),
        ("response_format.schema", {"response_format": JsonSchemaFormat(schema="1")}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, fields: dict):
    with pytest.raises(UntranslatableError) as refused:
        render(**fields)
    assert field == refused.value.field
