import pytest

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
    Document,
    Image,
    Message,
    Part,
    Role,
    Text,
    TextSource,
    Thinking,
    ToolCall,
    ToolResult,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.tgi_generate.render_prompt import render_prompt


def prompt(*messages: Message, system: str = "") -> str:
    return render_prompt(Conversation(system=(Text(text=system),) if system else (), messages=messages))


def says(role: Role, *parts: Part | str) -> Message:
    return Message(role=role, parts=tuple(Text(text=part) if isinstance(part, str) else part for part in parts))


def test_what_a_user_says_alone_goes_out_as_it_is():
    assert "Once upon a time" == prompt(says(Role.USER, "Once upon a time"))
    assert "a\nb" == prompt(says(Role.USER, "a", "b"))


def test_anything_longer_is_a_transcript():
    turns = (says(Role.USER, "Hi"), says(Role.ASSISTANT, "Hello."), says(Role.USER, "Bye"))
    assert "Be brief.\n\nUser: Hi\n\nAssistant: Hello.\n\nUser: Bye\n\nAssistant:" == prompt(*turns, system="Be brief.")


def test_an_answer_that_was_begun_is_continued():
    assert "User: Hi\n\nAssistant: Hel" == prompt(says(Role.USER, "Hi"), says(Role.ASSISTANT, "Hel"))


def test_instructions_in_the_middle_keep_their_place():
    turns = (says(Role.USER, "Hi"), says(Role.SYSTEM, "In French."))
    assert "User: Hi\n\nSystem: In French.\n\nAssistant:" == prompt(*turns)


def test_thoughts_are_left_out_and_documents_that_are_text_are_read():
    turns = (
        says(Role.USER, Document(source=TextSource(text="No."), title="Law")),
        says(Role.ASSISTANT, Thinking(text="Hm.")),
    )
    assert "Law\n\nNo." == prompt(*turns)


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("messages[0].content[0]", Image(source=Base64Source(media_type="image/png", data="aGk="))),
        ("messages[0].content[0]", ToolCall(id="c", name="f", arguments="{}")),
        ("messages[0].content[0]", ToolResult(call_id="c", content=())),
        ("messages[0].content[0].source", Document(source=Base64Source(media_type="application/pdf", data="aGk="))),
        ("messages", Text(text="")),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, part: Part):
    with pytest.raises(UntranslatableError) as refused:
        prompt(Message(role=Role.USER, parts=(part,)))
    assert field == refused.value.field
