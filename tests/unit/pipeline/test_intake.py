import json
from typing import Any

import msgspec
import pytest

from headgate.domain.errors import BadRequest
from headgate.pipeline.doors import (
    CHAT,
    COMPLETIONS,
    COUNT_TOKENS,
    EMBEDDINGS,
    GENERATE_CONTENT,
    IMAGE_EDITS,
    IMAGES,
    MESSAGES,
    MODERATIONS,
    RERANK,
    RESPONSES,
    SPEECH,
    STREAM_GENERATE_CONTENT,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    Door,
)
from headgate.pipeline.form import Form, Part
from headgate.pipeline.intake import Intake, read_intake, splice
from headgate.wire.framing import Framing
from headgate.wire.multipart import PartHead
from tests.kit.fakes import MemorySpool


def body(**fields: object) -> bytes:
    return json.dumps({"model": "gpt-4o", "messages": []} | fields).encode()


def refused(raw: bytes, door: Door = CHAT) -> BadRequest:
    with pytest.raises(BadRequest) as refusal:
        read_intake(door, raw)
    return refusal.value


def test_the_few_fields_that_decide_are_read():
    intake = read_intake(CHAT, body(stream=True, stream_options={"include_usage": True, "include_obfuscation": False}))
    assert ("gpt-4o", True, True) == (intake.model, intake.stream, intake.usage_asked)


def test_without_stream_nothing_is_streamed():
    intake = read_intake(MESSAGES, body())
    assert (False, False) == (intake.stream, intake.usage_asked)


@pytest.mark.parametrize("absent", ["null", "false"])
def test_null_and_false_are_no_stream(absent: str):
    raw = b'{"model":"m","messages":[],"stream":%s,"stream_options":null}' % absent.encode()
    assert not read_intake(CHAT, raw).stream


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty_body"),
        (b"{", "invalid_json"),
        (b"not json", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b"null", "invalid_json"),
        (b'{"model":"m","messages":[],"temperature":NaN}', "invalid_json"),
        (b'{"model":"m","messages":[],"top_p":Infinity}', "invalid_json"),
        (b'{"model":"m","messages":[]} trailing', "invalid_json"),
        (b'{"model":"m","messages":["\xff"]}', "invalid_utf8"),
        (b'{"model":"\xc3","messages":[]}', "invalid_utf8"),
        (b'{"messages":[]}', "missing_field"),
        (b'{"model":"m"}', "missing_field"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_code(raw: bytes, code: str):
    assert code == refused(raw).code


@pytest.mark.parametrize("depth", [100_000, 5_000_000])
def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack(depth: int):
    refusal = refused(b'{"model":"m","messages":' + b"[" * depth + b"]" * depth + b"}")
    assert "invalid_json" == refusal.code
    assert "nested too deeply" in refusal.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 3}, "model"),
        ({"model": None}, "model"),
        ({"model": ["gpt-4o"]}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m" * 257}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"model": "a\0b"}, "model"),
        ({"messages": "hello"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"tools": {}}, "tools"),
        ({"n": -1}, "n"),
        ({"n": 0}, "n"),
        ({"n": "two"}, "n"),
        ({"n": 1.5}, "n"),
        ({"n": True}, "n"),
        ({"n": 129}, "n"),
        ({"n": 10**40}, "n"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": 1e40}, "max_tokens"),
        ({"max_completion_tokens": [5]}, "max_completion_tokens"),
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": "usage"}, "stream_options"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_by_name(fields: dict, param: str):
    assert param == refused(body(**fields)).param


def test_optional_fields_may_be_null():
    assert "gpt-4o" == read_intake(CHAT, body(tools=None, n=None, max_tokens=None, max_completion_tokens=None)).model


@pytest.mark.parametrize("limit", [-1, 0, 2**31, 10**40])
def test_whole_limits_are_the_providers_to_judge(limit: int):
    assert "gpt-4o" == read_intake(CHAT, body(max_tokens=limit, max_completion_tokens=limit)).model


@pytest.mark.parametrize("door", [EMBEDDINGS, COUNT_TOKENS])
def test_a_door_that_does_not_stream_refuses_to(door: Door):
    assert "stream" == refused(body(stream=True), door).param


def test_embeddings_need_no_messages():
    assert "m" == read_intake(EMBEDDINGS, b'{"model":"m","input":"text"}').model


def test_of_a_field_that_is_given_twice_the_last_is_read_and_it_is_sent_once():
    intake = read_intake(CHAT, b'{"model":"cheap","messages":[],"model":"dear"}')
    assert "dear" == intake.model
    assert {"model": "dear", "messages": []} == json.loads(splice(intake.fields, {}))
    assert 1 == splice(intake.fields, {}).count(b'"model"')


def test_splicing_keeps_the_bytes_of_every_other_value():
    raw = b'{ "model" : "old", "messages":[ {"role":"user","content":"\\u00e4 \xc3\xa4"} ], "seed": 1.10e3, "x":{"b":1,"b":2} }'
    intake: Intake = read_intake(CHAT, raw)
    expected = (
        b'{"model":"new","messages":[ {"role":"user","content":"\\u00e4 \xc3\xa4"} ],"seed":1.10e3,"x":{"b":1,"b":2}}'
    )
    assert expected == splice(intake.fields, {"model": "new"})


def test_splicing_adds_what_is_not_there():
    fields = {"model": msgspec.Raw(b'"m"')}
    assert b'{"model":"m","stream_options":{"include_usage":true}}' == splice(
        fields, {"stream_options": {"include_usage": True}}
    )


def test_a_door_may_mean_a_model_that_no_body_names():
    intake = read_intake(MODERATIONS, b'{"input":"x"}')
    assert "omni-moderation-latest" == intake.model
    assert b'{"input":"x","model":"omni-moderation-latest"}' == splice(intake.fields, {})
    assert "mine" == read_intake(MODERATIONS, b'{"input":"x","model":"mine"}').model


@pytest.mark.parametrize(
    ("raw", "param", "code"),
    [
        (b'{"model":"m","documents":["a"]}', "query", "missing_field"),
        (b'{"model":"m","query":"q"}', "documents", "missing_field"),
        (b'{"model":"m","query":"q","documents":"a"}', "documents", "invalid_type"),
        (b'{"model":"m","query":"q","documents":null}', "documents", "invalid_type"),
        (b'{"query":"q","documents":["a"]}', "model", "missing_field"),
        (b'{"model":"m","query":"q","documents":["a"],"stream":true}', "stream", "invalid_value"),
    ],
)
def test_a_ranking_needs_a_query_documents_and_a_model(raw: bytes, param: str, code: str):
    refusal = refused(raw, RERANK)
    assert (param, code) == (refusal.param, refusal.code)


@pytest.mark.parametrize("name", ["n", "best_of"])
@pytest.mark.parametrize("value", [0, -1, 129, 1.5, "two"])
def test_how_many_answers_are_made_is_a_count(name: str, value: object):
    refusal = refused(json.dumps({"model": "m", "prompt": "x", name: value}).encode(), COMPLETIONS)
    assert name == refusal.param


PATH = "/v1beta/models/sim/small:streamGenerateContent"
CONTENTS = b'{"contents":[{"parts":[{"text":"hi"}]}]}'


@pytest.mark.parametrize(
    ("query", "framing"),
    [
        ("alt=sse", Framing.SSE),
        ("key=x&alt=sse", Framing.SSE),
        ("", Framing.JSON_ARRAY),
        ("alt=json", Framing.JSON_ARRAY),
    ],
)
def test_the_path_says_model_and_streaming_and_the_query_the_framing(query: str, framing: Framing):
    intake = read_intake(STREAM_GENERATE_CONTENT, CONTENTS, path=PATH, query=query)
    assert ("sim/small", True, framing) == (intake.model, intake.stream, intake.framing)
    whole = read_intake(GENERATE_CONTENT, CONTENTS, path="/v1beta/models/m:generateContent")
    assert ("m", False) == (whole.model, whole.stream)


def test_one_object_stands_for_a_list_of_one_at_googles_doors():
    body = b'{"contents":{"parts":[{"text":"hi"}]},"tools":{"functionDeclarations":[]}}'
    fields = read_intake(GENERATE_CONTENT, body, path="/v1beta/models/m:generateContent").fields
    assert b'{"functionDeclarations":[]}' == bytes(fields["tools"])


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        (b"{}", "missing_field", "contents"),
        (b'{"contents":"hi"}', "invalid_type", "contents"),
        (b'{"contents":null}', "invalid_type", "contents"),
        (b'{"contents":[],"tools":"search"}', "invalid_type", "tools"),
        (b'{"contents":[],"tools":7}', "invalid_type", "tools"),
        (b'{"contents":[],"generationConfig":[]}', "invalid_type", "generationConfig"),
        (
            b'{"contents":[],"generationConfig":{"maxOutputTokens":1.5}}',
            "invalid_type",
            "generationConfig.maxOutputTokens",
        ),
        (
            b'{"contents":[],"generation_config":{"max_output_tokens":"x"}}',
            "invalid_type",
            "generationConfig.maxOutputTokens",
        ),
        (
            b'{"contents":[],"generationConfig":{"candidateCount":0}}',
            "invalid_value",
            "generationConfig.candidateCount",
        ),
        (b'{"contents":[],"generationConfig":{},"generation_config":{}}', "invalid_value", "generation_config"),
        (
            b'{"contents":[],"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}',
            "invalid_value",
            "generationConfig.max_output_tokens",
        ),
    ],
)
def test_what_decides_the_cost_of_a_gemini_request_is_checked(raw: bytes, code: str, param: str):
    with pytest.raises(BadRequest) as refusal:
        read_intake(GENERATE_CONTENT, raw, path="/v1beta/models/m:generateContent")
    assert (code, param) == (refusal.value.code, refusal.value.param)


@pytest.mark.parametrize("config", [b"null", b"{}", b'{"maxOutputTokens":null,"candidateCount":1}'])
def test_a_config_may_say_nothing(config: bytes):
    raw = b'{"contents":[],"generationConfig":%s}' % config
    assert "m" == read_intake(GENERATE_CONTENT, raw, path="/v1beta/models/m:generateContent").model


def test_a_path_without_a_model_is_refused():
    with pytest.raises(BadRequest) as refusal:
        read_intake(GENERATE_CONTENT, CONTENTS, path="/v1beta/models/:generateContent")
    assert "model" == refusal.value.param


@pytest.mark.parametrize(("door", "field"), [(SPEECH, "input"), (IMAGES, "prompt")])
@pytest.mark.parametrize("value", [7, None, ["a"], {"a": 1}])
def test_what_is_spoken_or_drawn_is_a_text(door: Door, field: str, value: object):
    refusal = refused(json.dumps({"model": "m", field: value}).encode(), door)
    assert (field, "invalid_type") == (refusal.param, refusal.code)


@pytest.mark.parametrize(
    ("given", "streamed"), [({"stream_format": "sse"}, True), ({"stream_format": "audio"}, False), ({}, False)]
)
def test_speech_is_streamed_as_events_where_that_is_asked(given: dict[str, str], streamed: bool):
    assert streamed == read_intake(SPEECH, json.dumps({"model": "m", "input": "x", **given}).encode()).stream


def formed(*parts: tuple[str, str | None, bytes]) -> Form:
    made = tuple(Part(PartHead(name, filename, None), MemorySpool(content)) for name, filename, content in parts)
    return Form(made, "00" * 32, {name: content.decode() for name, filename, content in parts if filename is None})


FILE, MODEL = ("file", "a.mp3", b"ID3"), ("model", None, b"m")


def test_a_form_is_taken_in_like_json():
    form = formed(FILE, MODEL, ("stream", None, b"true"))
    intake = read_intake(TRANSCRIPTIONS, b"", form=form)
    assert ("m", True, form) == (intake.model, intake.stream, intake.form)


@pytest.mark.parametrize(
    ("door", "parts", "param", "code"),
    [
        (TRANSCRIPTIONS, [MODEL], "file", "missing_field"),
        (TRANSCRIPTIONS, [FILE], "model", "missing_field"),
        (TRANSCRIPTIONS, [FILE, MODEL, MODEL], "model", "invalid_value"),
        (TRANSCRIPTIONS, [MODEL, ("file", None, b"a")], "file", "invalid_type"),
        (TRANSCRIPTIONS, [FILE, MODEL, ("stream", None, b"yes")], "stream", "invalid_type"),
        (TRANSCRIPTIONS, [FILE, ("model", "m.txt", b"m")], "model", "invalid_type"),
        (TRANSLATIONS, [FILE, MODEL, ("stream", None, b"true")], "stream", "invalid_value"),
        (IMAGE_EDITS, [MODEL, ("prompt", None, b"a")], "image", "missing_field"),
        (IMAGE_EDITS, [MODEL, ("image", "a.png", b"a")], "prompt", "missing_field"),
        (
            IMAGE_EDITS,
            [MODEL, ("image", "a.png", b"a"), ("prompt", None, b"a"), ("n", None, b"0")],
            "n",
            "invalid_value",
        ),
        (
            IMAGE_EDITS,
            [MODEL, ("image", "a.png", b"a"), ("prompt", None, b"a"), ("n", None, b"two")],
            "n",
            "invalid_type",
        ),
    ],
)
def test_a_form_that_lacks_something_is_refused_and_the_field_named(door: Door, parts: Any, param: str, code: str):
    with pytest.raises(BadRequest) as refusal:
        read_intake(door, b"", form=formed(*parts))
    assert (param, code) == (refusal.value.param, refusal.value.code)


def asked(**fields: object) -> bytes:
    return json.dumps({"model": "gpt-4o"} | fields).encode()


@pytest.mark.parametrize("name", ["previous_response_id", "conversation", "prompt"])
def test_what_the_provider_keeps_may_stand_for_the_input(name: str):
    assert "gpt-4o" == read_intake(RESPONSES, asked(**{name: "kept"})).model
    assert "input" == refused(asked(**{name: None}), RESPONSES).param


def test_an_answer_that_would_come_after_the_call_is_refused():
    refusal = refused(asked(input="hi", background=True), RESPONSES)
    assert ("background_not_supported", "background") == (refusal.code, refusal.param)
    assert not read_intake(RESPONSES, asked(input="hi", background=False)).stream
    assert "invalid_type" == refused(asked(input="hi", background="yes"), RESPONSES).code


@pytest.mark.parametrize("name", ["max_output_tokens", "max_tool_calls"])
def test_limits_of_a_response_must_be_counts(name: str):
    assert ("invalid_type", name) == (
        (refusal := refused(asked(input="hi", **{name: "9"}), RESPONSES)).code,
        refusal.param,
    )
