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
from headgate.translate.openai_responses.render_items import render_items

PICTURE = Image(source=Base64Source(media_type="image/png", data="AA"))


def render(role: Role, *parts: Part) -> list[dict[str, object]]:
    return render_items([Message(role=role, parts=parts)])


def test_a_text_alone_is_a_text():
    assert [{"role": "user", "content": "hi"}] == render(Role.USER, Text(text="hi"))


def test_results_come_first_and_the_rest_is_a_message():
    result = ToolResult(call_id="c", content=(Text(text="a"), Text(text="b")))
    assert [
        {"type": "function_call_output", "call_id": "c", "output": "a\nb"},
        {"role": "user", "content": "thanks"},
    ] == render(Role.USER, Text(text="thanks"), result)


def test_a_result_with_a_picture_is_a_list():
    shown = {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "auto"}
    expected = [{"type": "input_text", "text": "a"}, shown]
    item = render(Role.USER, ToolResult(call_id="c", content=(Text(text="a"), PICTURE)))[0]
    assert expected == item["output"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (Document(source=TextSource(text="x"), title="T"), {"type": "input_text", "text": "T\n\nx"}),
        (Document(source=UrlSource(url="https://a")), {"type": "input_file", "file_url": "https://a"}),
        (
            Document(source=Base64Source(media_type="application/pdf", data="AA")),
            {"type": "input_file", "filename": "document", "file_data": "data:application/pdf;base64,AA"},
        ),
    ],
)
def test_documents_go_as_what_they_are(document: Document, expected: dict[str, object]):
    assert [expected] == render(Role.USER, document, Text(text="?"))[0]["content"][:1]  # pyright: ignore[reportIndexIssue]


def test_a_turn_of_the_model_is_an_item_for_each_thing_that_it_did():
    thought = Thinking(text="hm", signature="responses:enc")
    call = ToolCall(id="c", name="go", arguments="")
    items = render(Role.ASSISTANT, thought, Text(text="a"), Text(text="b"), call, Text(text="d"))
    assert [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "enc"},
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}],
        },
        {"type": "function_call", "call_id": "c", "name": "go", "arguments": "{}"},
        {"role": "assistant", "content": "d"},
    ] == items


@pytest.mark.parametrize(
    "foreign", [Thinking(text="hm"), Thinking(text="hm", signature="anthropic's"), RedactedThinking(data="x")]
)
def test_thinking_goes_back_only_to_who_wrote_it(foreign: Part):
    assert [] == render(Role.ASSISTANT, foreign)


def test_later_instructions_keep_their_place():
    assert [{"role": "developer", "content": "a\n\nb"}] == render(Role.SYSTEM, Text(text="a"), Text(text="b"))


@pytest.mark.parametrize(
    ("role", "part", "expected"),
    [
        (Role.ASSISTANT, PICTURE, "messages[0].content[0]: an assistant can only have written text"),
        (Role.SYSTEM, PICTURE, "messages[0].content[0]: instructions can only be text"),
        (Role.USER, Thinking(text="x"), "messages[0].content[0]: does not belong in a message of the user"),
        (Role.ASSISTANT, ToolCall(id="c", name="go", arguments="[1]"), "messages[0].content[0].arguments: Expected"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(role: Role, part: Part, expected: str):
    with pytest.raises(UntranslatableError) as refused:
        render(role, part)
    assert str(refused.value).startswith(expected)
