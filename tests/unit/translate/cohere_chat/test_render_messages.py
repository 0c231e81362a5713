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
from headgate.translate.cohere_chat.render_messages import render_messages

PICTURE = Image(source=Base64Source(media_type="image/png", data="aGk="), detail="low")
CALL = ToolCall(id="c1", name="look_up", arguments='{"a": 1}')


def render(*parts: Part, role: Role = Role.USER, thinks: bool = False) -> list[dict[str, object]]:
    return render_messages(Conversation(messages=(Message(role=role, parts=parts),)), thinks=thinks)


def assistant(*parts: Part, thinks: bool = False) -> list[dict[str, object]]:
    return render(*parts, role=Role.ASSISTANT, thinks=thinks)


def test_instructions_come_first_and_keep_their_place_in_the_middle():
    later = Message(role=Role.SYSTEM, parts=(Text(text="Now in French."),))
    said = Message(role=Role.USER, parts=(Text(text="Hi"),))
    system = (Text(text="Be brief."), Text(text="Be kind."))
    assert [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Now in French."},
    ] == render_messages(Conversation(system=system, messages=(said, later)), thinks=False)


def test_text_alone_is_a_text_and_pictures_make_it_a_list():
    assert [{"role": "user", "content": "Hi"}] == render(Text(text="Hi"))
    address = Image(source=UrlSource(url="https://x.example/a.png"))
    shown = render(Text(text="Look:"), PICTURE, address, Document(source=TextSource(text="No."), title="Law"))
    assert [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "text", "text": "Law\n\nNo."},
    ] == shown[0]["content"]


def test_results_of_tools_are_messages_of_their_own_and_their_pictures_follow():
    result = ToolResult(call_id="c1", content=(Text(text="12"), PICTURE, Document(source=TextSource(text="No."))))
    assert [
        {"role": "tool", "tool_call_id": "c1", "content": "12\nNo."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "From the result of tool call c1:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
                {"type": "text", "text": "Go on"},
            ],
        },
    ] == render(result, Text(text="Go on"))


def test_what_was_said_beside_calls_is_their_plan():
    function = {"name": "look_up", "arguments": '{"a": 1}'}
    calls = [{"id": "c1", "type": "function", "function": function}]
    assert [{"role": "assistant", "tool_plan": "I look.", "tool_calls": calls}] == assistant(Text(text="I look."), CALL)
    assert [{"role": "assistant", "tool_calls": calls}] == assistant(CALL)


def test_a_call_without_arguments_has_an_empty_object():
    (message,) = assistant(ToolCall(id="c1", name="f", arguments=" "))
    assert [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}] == message["tool_calls"]


def test_thoughts_go_back_to_models_that_think_unless_another_provider_signed_them():
    thoughts = (Thinking(text="Hm."), Thinking(text="Signed", signature="s"), RedactedThinking(data="x"))
    assert [{"role": "assistant", "content": "4"}] == assistant(*thoughts, Text(text="4"))
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "4"}]
    assert [{"role": "assistant", "content": content}] == assistant(*thoughts, Text(text="4"), thinks=True)
    (message,) = assistant(Thinking(text="Hm."), CALL, thinks=True)
    assert [{"type": "thinking", "thinking": "Hm."}] == message["content"]


def test_a_turn_of_which_nothing_is_left_is_left_out():
    assert [] == assistant(Thinking(text="Hm.", signature="s"))


@pytest.mark.parametrize(
    ("field", "role", "part"),
    [
        ("messages[0].content[0].source", Role.USER, Document(source=UrlSource(url="https://x.example/a.pdf"))),
        ("messages[0].content[0]", Role.USER, CALL),
        ("messages[0].content[0]", Role.ASSISTANT, PICTURE),
        ("messages[0].content[0]", Role.SYSTEM, PICTURE),
        ("messages[0].content[0].arguments", Role.ASSISTANT, ToolCall(id="c", name="f", arguments="[1]")),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, role: Role, part: Part):
    with pytest.raises(UntranslatableError) as refused:
        render(part, role=role)
    assert field == refused.value.field
