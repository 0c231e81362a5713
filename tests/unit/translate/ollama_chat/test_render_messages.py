import json

import msgspec
import pytest

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
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
from headgate.translate.ollama_chat.render_messages import render_messages

PICTURE = Image(source=Base64Source(media_type="image/png", data="aGk="))
CALL = ToolCall(id="c1", name="look_up", arguments='{"a": 1.50}')


def render(*messages: Message, system: tuple[Text, ...] = ()) -> list[dict]:
    return json.loads(msgspec.json.encode(render_messages(Conversation(system=system, messages=messages))))


def user(*parts: Part) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def test_instructions_come_first_and_keep_their_place_in_the_middle():
    later = Message(role=Role.SYSTEM, parts=(Text(text="Now in French."),))
    assert [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Now in French."},
    ] == render(user(Text(text="Hi")), later, system=(Text(text="Be brief."),))


def test_pictures_stand_beside_the_text():
    document = Document(source=TextSource(text="No."), title="Law")
    assert [{"role": "user", "content": "Look:\nLaw\n\nNo.", "images": ["aGk="]}] == render(
        user(Text(text="Look:"), PICTURE, document)
    )


def test_a_result_names_its_tool_and_may_show_pictures():
    result = ToolResult(call_id="c1", content=(Text(text="12"), PICTURE))
    assert [
        {"role": "tool", "content": "12", "images": ["aGk="], "tool_name": "look_up", "tool_call_id": "c1"},
        {"role": "user", "content": "Go on"},
    ] == render(assistant(CALL), user(result, Text(text="Go on")))[1:]


def test_a_result_of_a_call_that_was_never_made_names_no_tool():
    assert [{"role": "tool", "content": "12", "tool_call_id": "c9"}] == render(
        user(ToolResult(call_id="c9", content=(Text(text="12"),)))
    )


def test_arguments_are_objects_as_they_were_written():
    messages = Conversation(messages=(assistant(CALL, ToolCall(id="c2", name="g", arguments=" ")),))
    written = msgspec.json.encode(render_messages(messages))
    assert b'"arguments":{"a": 1.50}' in written
    assert b'{"id":"c2","function":{"name":"g","arguments":{}}}' in written


def test_thoughts_go_back_unless_another_provider_signed_them():
    thoughts = (Thinking(text="Hm."), Thinking(text="Signed", signature="s"), RedactedThinking(data="x"))
    assert [{"role": "assistant", "content": "4", "thinking": "Hm."}] == render(assistant(*thoughts, Text(text="4")))
    assert [] == render(assistant(Thinking(text="Signed", signature="s")))


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("messages[0].content[0].source", user(Image(source=UrlSource(url="https://x.example/a.png")))),
        ("messages[0].content[0].source", user(Document(source=UrlSource(url="https://x.example/a.pdf")))),
        ("messages[0].content[0]", user(CALL)),
        ("messages[0].content[0]", assistant(PICTURE)),
        ("messages[0].content[0]", Message(role=Role.SYSTEM, parts=(PICTURE,))),
        ("messages[0].content[0].arguments", assistant(ToolCall(id="c", name="f", arguments="[1]"))),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, message: Message):
    with pytest.raises(UntranslatableError) as refused:
        render(message)
    assert field == refused.value.field
