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
    TextSource,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from headgate.translate.anthropic_messages.parse_request import parse_request
from headgate.translate.codec import UntranslatableError

HOUR = {"type": "ephemeral", "ttl": "1h"}


def parse(*messages: object) -> tuple[Message, ...]:
    return parse_request({"messages": msgspec.Raw(msgspec.json.encode(messages))}).messages


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text", "text": "x", "cache_control": HOUR}, Text(text="x", cache=CacheHint.ONE_HOUR)),
        ({"type": "text", "text": "x", "citations": [{"type": "page"}]}, Text(text="x")),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            Image(source=Base64Source(media_type="image/png", data="AAAA")),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            Image(source=UrlSource(url="https://example.com/a.png")),
        ),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}, "title": "t"},
            Document(source=TextSource(text="x"), title="t"),
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
                "citations": {"enabled": False},
            },
            Document(source=Base64Source(media_type="application/pdf", data="AAAA")),
        ),
        ({"type": "tool_result", "tool_use_id": "a"}, ToolResult(call_id="a", content=())),
        (
            {"type": "tool_result", "tool_use_id": "a", "content": "x", "is_error": True, "cache_control": HOUR},
            ToolResult(call_id="a", content=(Text(text="x"),), is_error=True, cache=CacheHint.ONE_HOUR),
        ),
        (
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x"}]},
            ToolResult(call_id="a", content=(Text(text="x"),)),
        ),
        (
            {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1.50}, "caller": {"type": "direct"}},
            ToolCall(id="a", name="f", arguments='{"x":1.5}'),
        ),
        ({"type": "thinking", "thinking": "hm", "signature": "s"}, Thinking(text="hm", signature="s")),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, Thinking(text="hm")),
        ({"type": "redacted_thinking", "data": "d"}, RedactedThinking(data="d")),
    ],
)
def test_a_block_is_read(block: dict, expected: object):
    (message,) = parse({"role": "user", "content": [block]})
    assert (expected,) == message.parts


def test_roles_are_kept():
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "system", "user")]
    assert [Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.USER] == [message.role for message in parse(*turns)]


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ({"type": "server_tool_use"}, "messages[0].content[0].type"),
        ({"type": "search_result"}, "messages[0].content[0].type"),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, "messages[0].content[0].source.type"),
        ({"type": "image", "source": {"type": "url"}}, "messages[0].content[0].source"),
        (
            {"type": "document", "source": {"type": "text", "data": "x"}, "citations": {"enabled": True}},
            "messages[0].content[0].citations",
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "x"}, "context": "c"},
            "messages[0].content[0].context",
        ),
        ({"type": "tool_use", "id": "a", "name": "f", "input": "x"}, "messages[0].content[0].input"),
        (
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference"}]},
            "messages[0].content[0].content[0].type",
        ),
        ({"text": "x"}, "messages[0].content[0]"),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(block: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse({"role": "user", "content": [block]})
    assert field == caught.value.field
