import pytest

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
    Document,
    Image,
    Message,
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
from headgate.translate.openai_chat.render_messages import render_messages

PDF = Document(source=Base64Source(media_type="application/pdf", data="AAAA"), title="a.pdf")


def render(*messages: Message, system: tuple[Text, ...] = ()) -> list[dict]:
    return render_messages(Conversation(messages=messages, system=system))


def user(*parts: object) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: object) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def test_instructions_become_paragraphs_of_one_message():
    rendered = render(user(Text(text="x")), system=(Text(text="a"), Text(text="b")))
    assert {"role": "system", "content": "a\n\nb"} == rendered[0]


def test_later_instructions_stay_where_they_are():
    rendered = render(user(Text(text="x")), Message(role=Role.SYSTEM, parts=(Text(text="a"),)), user(Text(text="y")))
    assert ["user", "system", "user"] == [message["role"] for message in rendered]


def test_results_of_tools_come_before_what_the_user_adds():
    rendered = render(
        user(Text(text="so?"), ToolResult(call_id="a", content=(Text(text="x"), Text(text="y")), is_error=True))
    )
    assert [
        {"role": "tool", "tool_call_id": "a", "content": "x\ny"},
        {"role": "user", "content": "so?"},
    ] == rendered


def test_what_a_tool_showed_follows_all_results_with_a_word():
    image = Image(source=UrlSource(url="https://example.com/a.png"), detail="low")
    rendered = render(user(ToolResult(call_id="a", content=(image,)), ToolResult(call_id="b", content=())))
    assert ["tool", "tool", "user"] == [message["role"] for message in rendered]
    assert [
        {"type": "text", "text": "From the result of tool call a:"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    ] == rendered[2]["content"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (PDF, {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}}),
        (
            Document(source=Base64Source(media_type="application/pdf", data="AAAA")),
            {"type": "file", "file": {"filename": "document", "file_data": "data:application/pdf;base64,AAAA"}},
        ),
        (Document(source=TextSource(text="words"), title="T"), {"type": "text", "text": "T\n\nwords"}),
    ],
)
def test_documents_are_written(document: Document, expected: dict):
    assert [Text(text="x").text, expected] == [
        part.get("text", "x") if i == 0 else part
        for i, part in enumerate(render(user(Text(text="x"), document))[0]["content"])
    ]


def test_an_answer_is_one_message_with_its_own_thinking():
    rendered = render(
        assistant(Thinking(text="hm"), Text(text="a"), Text(text="b"), ToolCall(id="c", name="f", arguments='{"x":1}'))
    )
    assert [
        {
            "role": "assistant",
            "content": "ab",
            "reasoning_content": "hm",
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}],
        }
    ] == rendered


def test_thinking_that_another_provider_signed_is_left_out():
    signed = (Thinking(text="hm", signature="s"), RedactedThinking(data="d"))
    assert [{"role": "assistant", "content": "x"}] == render(assistant(*signed, Text(text="x")))
    assert [] == render(assistant(*signed))


def test_no_arguments_are_an_empty_object():
    (message,) = render(assistant(ToolCall(id="c", name="f", arguments=" ")))
    assert message["content"] is None
    assert "{}" == message["tool_calls"][0]["function"]["arguments"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (user(Document(source=UrlSource(url="https://example.com/a.pdf"))), "messages[0].content[0].source"),
        (user(Thinking(text="x")), "messages[0].content[0]"),
        (assistant(PDF), "messages[0].content[0]"),
        (assistant(ToolCall(id="c", name="f", arguments="[1]")), "messages[0].content[0].arguments"),
        (Message(role=Role.SYSTEM, parts=(PDF,)), "messages[0].content[0]"),
    ],
)
def test_what_the_format_cannot_say_is_named(message: Message, field: str):
    with pytest.raises(UntranslatableError) as caught:
        render(message)
    assert field == caught.value.field
