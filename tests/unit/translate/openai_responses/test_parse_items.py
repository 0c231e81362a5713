import json
from typing import Any

import msgspec
import pytest

from headgate.domain.conversation import (
    Base64Source,
    Document,
    Image,
    Message,
    Part,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_responses.parse_items import parse_items
from headgate.translate.signatures import hidden_to_responses, to_responses

CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "go", "arguments": '{"a":1}', "status": "x"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "done"}
ANSWER = {"type": "message", "role": "assistant", "id": "msg_1", "content": [{"type": "output_text", "text": "Hm."}]}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}]}


def parse(*items: dict[str, Any]) -> list[Message]:
    return parse_items([msgspec.Raw(json.dumps(item).encode()) for item in items])


def user(*content: dict[str, Any]) -> tuple[Part, ...]:
    return parse({"role": "user", "content": list(content)})[0].parts


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def test_an_item_without_a_type_is_a_message():
    expected = Message(role=Role.USER, parts=(Text(text="hi"),))
    assert (
        [expected]
        == parse({"role": "user", "content": "hi"})
        == parse({"type": "message", "role": "user", "content": "hi"})
    )


def test_what_a_model_said_in_one_turn_is_one_message():
    thought, call = Thinking(text="a"), ToolCall(id="c1", name="go", arguments='{"a":1}')
    other = {**CALL, "call_id": "c2"}
    assert [
        assistant(thought, Text(text="Hm."), call, ToolCall(id="c2", name="go", arguments='{"a":1}')),
        Message(role=Role.USER, parts=(ToolResult(call_id="c1", content=(Text(text="done"),)),)),
    ] == parse(THOUGHT, ANSWER, CALL, other, OUTPUT)


def test_texts_of_two_turns_are_two_messages():
    assert [assistant(Text(text="Hm.")), assistant(Text(text="Hm."))] == parse(ANSWER, ANSWER)


def test_two_messages_of_the_user_stay_two():
    said = {"role": "user", "content": "hi"}
    assert 2 == len(parse(said, said))


def test_results_beside_each_other_are_one_message():
    assert 1 == len(parse(OUTPUT, {**OUTPUT, "call_id": "c2"}))


@pytest.mark.parametrize("role", ["system", "developer"])
def test_instructions_keep_their_place(role: str):
    assert Message(role=Role.SYSTEM, parts=(Text(text="x"),)) == parse({"role": role, "content": "x"})[0]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "input_text", "text": "x"}, Text(text="x")),
        (
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
            Image(source=UrlSource(url="https://a/b.png"), detail="low"),
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AA"},
            Image(source=Base64Source(media_type="image/png", data="AA")),
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA"},
            Document(source=Base64Source(media_type="application/pdf", data="AA"), title="a.pdf"),
        ),
        ({"type": "input_file", "file_url": "https://a/b.pdf"}, Document(source=UrlSource(url="https://a/b.pdf"))),
    ],
)
def test_parts_are_read(part: dict[str, Any], expected: Part):
    assert (expected,) == user(part)


def test_a_result_may_hold_pictures():
    shown = {"type": "input_image", "image_url": "https://a/b.png"}
    result = parse({**OUTPUT, "output": [shown]})[0].parts[0]
    assert ToolResult(call_id="c1", content=(Image(source=UrlSource(url="https://a/b.png")),)) == result


def test_paragraphs_of_a_summary_are_one_thought():
    two = {**THOUGHT, "summary": [{"text": "a"}, {"text": "b"}], "content": [{"type": "reasoning_text", "text": "c"}]}
    assert [assistant(Thinking(text="a\n\nb\n\nc"))] == parse(two)


def test_what_the_provider_encrypted_is_marked_as_of_this_format():
    assert [assistant(Thinking(text="a", signature="responses:x"))] == parse({**THOUGHT, "encrypted_content": "x"})


def test_what_another_provider_signed_or_hid_comes_back_as_it_was():
    signed = {"type": "reasoning", "summary": [], "encrypted_content": to_responses("sig")}
    hidden = {"type": "reasoning", "summary": [], "encrypted_content": hidden_to_responses("data")}
    assert [assistant(Thinking(text="", signature="sig"), RedactedThinking(data="data"))] == parse(signed, hidden)


def test_an_item_that_says_nothing_is_none():
    assert [] == parse({"type": "reasoning", "id": "rs_1", "summary": []})
    assert [] == parse({**ANSWER, "content": [{"type": "output_text", "text": ""}]})


def test_a_refusal_is_a_text():
    assert [assistant(Text(text="No."))] == parse({**ANSWER, "content": [{"type": "refusal", "refusal": "No."}]})


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "input[0].type: names what one provider keeps"),
        ({"type": "web_search_call", "id": "ws_1"}, "input[0].type: 'web_search_call' items exist in this format only"),
        (
            {"role": "user", "content": [{"type": "input_image", "file_id": "f"}]},
            "input[0].content[0].file_id: belongs",
        ),
        ({"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}, "input[0].content[0].file_id: belongs"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "input[0].content[0].type: 'input_audio' has no"),
        (
            {"role": "user", "content": [{"type": "input_image", "image_url": "ftp://x"}]},
            "input[0].content[0].image_url",
        ),
        ({"role": "user", "content": "x", "phase": "y"}, "input[0]: Object contains unknown field `phase`"),
        ({"role": "critic", "content": "x"}, "input[0].role: Invalid enum value 'critic'"),
        ({"type": "function_call", "name": "x"}, "input[0]: Object missing required field `call_id`"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(item: dict[str, Any], expected: str):
    with pytest.raises(UntranslatableError) as refused:
        parse(item)
    assert str(refused.value).startswith(expected)
