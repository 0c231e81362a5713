import json

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
from headgate.translate.anthropic_messages.render_messages import render_messages
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import encode


def user(*parts: object) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: object) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def render(*messages: Message) -> list[dict]:
    return json.loads(encode(render_messages(messages), "messages"))


def blocks(*messages: Message) -> list[dict]:
    (turn,) = render(*messages)
    return turn["content"]


X = Text(text="x")


def test_neighbours_of_one_role_become_one_turn():
    rendered = render(user(X), user(Text(text="y")), assistant(X), assistant(Text(text="y")), user(X))
    assert [("user", 2), ("assistant", 2), ("user", 1)] == [(t["role"], len(t["content"])) for t in rendered]


def test_instructions_between_two_turns_do_not_part_them():
    assert 1 == len(render(user(X), Message(role=Role.SYSTEM, parts=(X,)), user(X)))


def test_results_of_tools_come_first_in_their_turn():
    first, second, third = blocks(
        user(ToolResult(call_id="a", content=(X,)), Text(text="so?")),
        user(ToolResult(call_id="b", content=(), is_error=True, cache=CacheHint.FIVE_MINUTES)),
    )
    assert {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "x"}]} == first
    assert {
        "type": "tool_result",
        "tool_use_id": "b",
        "is_error": True,
        "cache_control": {"type": "ephemeral"},
    } == second
    assert {"type": "text", "text": "so?"} == third


def test_empty_text_and_empty_turns_are_left_out():
    rendered = render(user(Text(text=""), X), assistant(Text(text=""), Thinking(text="hm")), user(X))
    assert ["user"] == [turn["role"] for turn in rendered]


def test_nothing_at_all_is_refused():
    with pytest.raises(UntranslatableError, match="messages"):
        render(user(Text(text="")))


def test_only_signed_thinking_goes_back():
    assert [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
    ] == blocks(assistant(Thinking(text="hm", signature="s"), Thinking(text="lost"), RedactedThinking(data="d")))


def test_thinking_that_google_signed_is_not_shown_to_anthropic():
    assert [{"type": "text", "text": "x"}] == blocks(assistant(Thinking(text="hm", signature="google:c2ln"), X))


def test_ids_of_other_operators_are_written_so_that_they_are_taken():
    call, result = render(
        assistant(ToolCall(id="functions.f:0", name="f", arguments="", cache=CacheHint.ONE_HOUR)),
        user(ToolResult(call_id="functions.f:0", content=())),
    )
    assert "functions_f_0" == call["content"][0]["id"] == result["content"][0]["tool_use_id"]
    assert {} == call["content"][0]["input"]
    assert {"type": "ephemeral", "ttl": "1h"} == call["content"][0]["cache_control"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            Image(source=UrlSource(url="https://example.com/a.png"), detail="low"),
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            Image(source=Base64Source(media_type="image/png", data="AAAA"), cache=CacheHint.FIVE_MINUTES),
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                "cache_control": {"type": "ephemeral"},
            },
        ),
        (
            Document(source=Base64Source(media_type="application/pdf", data="AAAA"), title="t"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
                "title": "t",
            },
        ),
        (
            Document(source=UrlSource(url="https://example.com/a.pdf")),
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
        ),
        (
            Document(source=TextSource(text="words")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
        ),
        (
            Document(source=Base64Source(media_type="text/csv", data="YSxi")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}},
        ),
    ],
)
def test_pictures_and_documents_are_written(part: object, expected: dict):
    assert [expected] == blocks(user(part))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (
            user(Document(source=Base64Source(media_type="application/zip", data="AAAA"))),
            "messages[0].content[0].source",
        ),
        (user(Document(source=Base64Source(media_type="text/plain", data="?"))), "messages[0].content[0].source"),
        (user(Document(source=Base64Source(media_type="text/plain", data="/w=="))), "messages[0].content[0].source"),
        (user(X, Thinking(text="hm")), "messages[0].content[1]"),
        (assistant(Image(source=UrlSource(url="https://example.com"))), "messages[0].content[0]"),
        (assistant(ToolCall(id="a", name="f", arguments="[1]")), "messages[0].content[0].arguments"),
    ],
)
def test_what_the_format_cannot_say_is_named(message: Message, field: str):
    with pytest.raises(UntranslatableError) as caught:
        render(message)
    assert field == caught.value.field
