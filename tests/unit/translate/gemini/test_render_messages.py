import json

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
    TextSource,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import encode
from headgate.translate.gemini.render_messages import WITHOUT_SIGNATURE, render_contents

CALL = ToolCall(id="a", name="f", arguments='{"x": 1.50}')
X = Text(text="x")


def user(*parts: Part) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def render(*messages: Message, model: str = "gemini-2.5-flash") -> list[dict]:
    return json.loads(encode(render_contents(messages, model=model), "contents"))


def parts(*messages: Message, model: str = "gemini-2.5-flash") -> list[dict]:
    return [part for content in render(*messages, model=model) for part in content["parts"]]


def test_neighbours_of_one_role_become_one_turn():
    system = Message(role=Role.SYSTEM, parts=(X,))
    assert [
        {"role": "user", "parts": [{"text": "x"}, {"text": "x"}]},
        {"role": "model", "parts": [{"text": "x"}]},
    ] == render(user(X), system, user(X), user(Text(text="")), assistant(X))


def test_nothing_at_all_is_refused():
    with pytest.raises(UntranslatableError):
        render(user(Text(text="")))


def test_a_call_is_an_object_and_its_result_says_its_name():
    history = (assistant(CALL), user(X, ToolResult(call_id="a", content=(Text(text="done"),))))
    assert [
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1.5}}},
        {"functionResponse": {"id": "a", "name": "f", "response": {"output": "done"}}},
        {"text": "x"},
    ] == parts(*history)
    assert b'"args":{"x": 1.50}' in encode(render_contents(history, model="m"), "contents")


@pytest.mark.parametrize(
    ("text", "failed", "expected"),
    [
        ('{"a": 1}', False, {"a": 1}),
        ("[1]", False, {"output": "[1]"}),
        ("", False, {"output": ""}),
        ("no", True, {"error": "no"}),
        ('{"a": 1}', True, {"error": '{"a": 1}'}),
    ],
)
def test_what_a_tool_said_is_an_object(text: str, failed: bool, expected: dict):
    result = ToolResult(call_id="a", content=(Text(text=text),), is_error=failed)
    assert expected == parts(assistant(CALL), user(result))[1]["functionResponse"]["response"]


def test_what_a_tool_showed_follows_with_a_word():
    shown = Image(source=Base64Source(media_type="image/png", data="AA"))
    assert [
        {"functionResponse": {"id": "a", "name": "f", "response": {"output": ""}}},
        {"text": "From the result of tool call a:"},
        {"inlineData": {"mimeType": "image/png", "data": "AA"}},
    ] == parts(assistant(CALL), user(ToolResult(call_id="a", content=(shown,))))[1:]


def test_googles_signature_goes_back_to_its_call():
    signed = Thinking(text="", signature="google:c2ln")
    call = {"functionCall": {"id": "a", "name": "f", "args": {"x": 1.5}}, "thoughtSignature": "c2ln"}
    second = {"functionCall": {"id": "b", "name": "f", "args": {}}}
    history = assistant(signed, X, CALL, ToolCall(id="b", name="f", arguments=""))
    assert [{"text": "x"}, call, second] == parts(history) == parts(history, model="gemini-3-flash")


def test_a_model_that_insists_gets_a_stand_in_for_a_signature_that_is_not_there():
    foreign = Thinking(text="", signature="anthropic's")
    (call, second) = parts(assistant(foreign, CALL, CALL), model="gemini-3-flash")
    assert (WITHOUT_SIGNATURE, None) == (call["thoughtSignature"], second.get("thoughtSignature"))


def test_thoughts_go_back_to_who_had_them_and_unsigned_ones_to_anybody():
    assert [
        {"text": "mine", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "plain", "thought": True},
    ] == parts(
        assistant(
            Thinking(text="mine", signature="google:c2ln"),
            Thinking(text="plain"),
            Thinking(text="theirs", signature="s"),
            Thinking(text=""),
            RedactedThinking(data="d"),
        )
    )


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image(source=UrlSource(url="https://example.com/a.PNG?x=1")),
         {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.PNG?x=1"}}),
        (Image(source=UrlSource(url="https://example.com/a")),
         {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a"}}),
        (Image(source=UrlSource(url="https://[")), {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://["}}),
        (Document(source=UrlSource(url="https://example.com/a")),
         {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/a"}}),
        (Document(source=Base64Source(media_type="text/csv", data="AA")),
         {"inlineData": {"mimeType": "text/csv", "data": "AA"}}),
        (Document(source=TextSource(text="t"), title="T"), {"text": "T\n\nt"}),
        (Document(source=TextSource(text="t")), {"text": "t"}),
    ],
)  # fmt: skip
def test_pictures_and_documents_are_written(part: Part, expected: dict):
    assert [expected] == parts(user(part))


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ((user(ToolResult(call_id="a", content=())),), "messages[0].content[0]"),
        ((user(X, Thinking(text="hm")),), "messages[0].content[1]"),
        ((assistant(Image(source=UrlSource(url="https://example.com"))),), "messages[0].content[0]"),
        ((assistant(ToolCall(id="a", name="f", arguments="[1]")),), "messages[0].content[0].arguments"),
    ],
)
def test_what_the_format_cannot_say_is_named(messages: tuple[Message, ...], field: str):
    with pytest.raises(UntranslatableError) as caught:
        render(*messages)
    assert field == caught.value.field
