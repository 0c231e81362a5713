import msgspec
import pytest

from headgate.domain.conversation import (
    Base64Source,
    CacheHint,
    Document,
    Image,
    Message,
    RedactedThinking,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_chat.parse_messages import arguments_text
from headgate.translate.openai_chat.parse_request import parse_request


def parse(*messages: object) -> tuple[Message, ...]:
    return parse_request({"messages": msgspec.Raw(msgspec.json.encode(messages))}).messages


def parts(message: object):
    (parsed,) = parse(message)
    return parsed.parts


def user(*content: object):
    return parts({"role": "user", "content": content})


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "x"}, Text(text="x")),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text(text="x", cache=CacheHint.ONE_HOUR),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
            Image(source=UrlSource(url="https://example.com/a.png"), detail="low"),
        ),
        (
            {"type": "image_url", "image_url": "https://example.com/a.png"},
            Image(source=UrlSource(url="https://example.com/a.png")),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,AAAA"}},
            Image(source=Base64Source(media_type="image/png", data="AAAA")),
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;name=x;base64,AAAA", "filename": "a.pdf"}},
            Document(source=Base64Source(media_type="application/pdf", data="AAAA"), title="a.pdf"),
        ),
        (
            {"type": "document_url", "document_url": "https://example.com/a.pdf", "document_name": "a"},
            Document(source=UrlSource(url="https://example.com/a.pdf"), title="a"),
        ),
    ],
)
def test_content_of_the_user_is_read(part: object, expected: object):
    assert (expected,) == user(part)


def test_results_of_neighbouring_tools_become_one_message():
    messages = parse(
        {"role": "user", "content": "?"},
        {"role": "tool", "tool_call_id": "a", "content": "x"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "y"}]},
        {"role": "user", "content": "so?"},
    )
    results = (
        ToolResult(call_id="a", content=(Text(text="x"),)),
        ToolResult(call_id="b", content=(Text(text="y"),)),
    )
    assert [(Text(text="?"),), results, (Text(text="so?"),)] == [message.parts for message in messages]
    assert {Role.USER} == {message.role for message in messages}


def test_results_at_the_end_are_kept():
    assert 2 == len(parse({"role": "user", "content": "?"}, {"role": "tool", "tool_call_id": "a", "content": "x"}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"content": None}, ()),
        ({"content": ""}, ()),
        ({"content": "x", "name": "bot", "annotations": [], "whatever": 1}, (Text(text="x"),)),
        ({"content": None, "refusal": "no"}, (Text(text="no"),)),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, (Text(text="no"),)),
        ({"content": "x", "reasoning_content": "hm", "reasoning": "hm"}, (Thinking(text="hm"), Text(text="x"))),
        ({"content": "x", "reasoning": "hm"}, (Thinking(text="hm"), Text(text="x"))),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "x"},
                ]
            },
            (Thinking(text="hm"), Text(text="x")),
        ),
        (
            {
                "reasoning": "hm",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "hm", "signature": "s"},
                    {"type": "reasoning.encrypted", "data": "d"},
                ],
            },
            (Thinking(text="hm", signature="s"), RedactedThinking(data="d")),
        ),
        (
            {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}]},
            (Thinking(text="hm"), RedactedThinking(data="d")),
        ),
        (
            {"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}]},
            (ToolCall(id="a", name="f", arguments='{"x": 1}'),),
        ),
    ],
)
def test_an_echoed_answer_is_read(fields: dict[str, object], expected: tuple):
    assert expected == parts({"role": "assistant", **fields})


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b'"{}"', "{}"), (b'{"x": 1}', '{"x":1}'), (b"null", ""), (b'""', ""), (b'"null"', ""), (b'"{\\"x"', '{"x')],
)
def test_arguments_may_be_text_an_object_or_nothing(raw: bytes, expected: str):
    assert expected == arguments_text(msgspec.Raw(raw), "x")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "video_url"}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "text", "text": "x", "new": 1}]}, "messages[0].content[0]"),
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]},
            "messages[0].content[0].file.file_id",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"role": "user", "content": 5}, "messages[0].content"),
        ({"role": "user"}, "messages[0]"),
        ({"role": "function", "content": "x"}, "messages[0].role"),
        ({"content": "x"}, "messages[0]"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[0].audio"),
        ({"role": "assistant", "function_call": {"name": "f"}}, "messages[0].function_call"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, "messages[0].tool_calls[0]"),
        (
            {"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": [1]}}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"role": "tool", "content": "x"}, "messages[0]"),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(message: object, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(message)
    assert field == caught.value.field
