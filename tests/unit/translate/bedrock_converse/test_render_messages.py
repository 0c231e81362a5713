import json
from typing import Any

import msgspec
import pytest

from headgate.domain.conversation import (
    Base64Source,
    CacheHint,
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
)
from headgate.translate.bedrock_converse.model_families import Family
from headgate.translate.bedrock_converse.render_messages import render_messages, text_blocks
from headgate.translate.codec import UntranslatableError

PICTURE = Image(source=Base64Source(media_type="image/png", data="aGk="))


def user(*parts: Part) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def render(*messages: Message, family: Family = Family.CLAUDE, cache: CacheHint | None = None) -> Any:
    return json.loads(msgspec.json.encode(render_messages(messages, family, cache=cache)))


def test_neighbours_of_one_role_are_one_turn_with_the_results_of_tools_first():
    said = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
    result = ToolResult(call_id="t1", content=(Text(text="42"),))
    rendered = render(user(Text(text="a")), said, user(Text(text="b"), result), assistant(Text(text="c")))
    assert rendered == [
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "42"}]}},
                {"text": "a"},
                {"text": "b"},
            ],
        },
        {"role": "assistant", "content": [{"text": "c"}]},
    ]


def test_blank_text_is_left_out_and_so_is_a_turn_of_nothing_else():
    blank = Text(text=" \n")
    result = ToolResult(call_id="t1", content=(blank,))
    rendered = render(user(blank, Text(text="a")), assistant(blank), user(result))
    assert [
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": []}}, {"text": "a"}]}
    ] == rendered
    with pytest.raises(UntranslatableError, match="not empty"):
        render(user(blank))


def test_calls_and_results_go_together():
    call = ToolCall(id="call|1", name="look_up", arguments=' {"a": 1.50} ')
    result = ToolResult(call_id="call|1", content=(Text(text="42"), PICTURE), is_error=True)
    called, answered = render(assistant(call, ToolCall(id="", name="n", arguments="")), user(result))
    assert {"toolUse": {"toolUseId": "call_1", "name": "look_up", "input": {"a": 1.5}}} == called["content"][0]
    assert {"toolUse": {"toolUseId": "_", "name": "n", "input": {}}} == called["content"][1]
    shown = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
    assert {"toolResult": {"toolUseId": "call_1", "content": [{"text": "42"}, shown], "status": "error"}} == answered[
        "content"
    ][0]


def test_only_some_models_are_told_that_a_tool_failed():
    failed = user(ToolResult(call_id="t", content=(), is_error=True))
    assert {"toolUseId": "t", "content": []} == render(failed, family=Family.OTHER)[0]["content"][0]["toolResult"]


def test_long_ids_stay_apart_and_alike():
    first, second = (f"{'x' * 80}{n}" for n in (1, 2))
    calls = render(assistant(ToolCall(id=first, name="n", arguments=""), ToolCall(id=second, name="n", arguments="")))
    ids = [block["toolUse"]["toolUseId"] for block in calls[0]["content"]]
    assert [64, 64] == [len(each) for each in ids]
    assert ids[0] != ids[1]
    results = render(user(ToolResult(call_id=first, content=())))
    assert ids[0] == results[0]["content"][0]["toolResult"]["toolUseId"]


def test_claude_gets_the_thoughts_that_it_signed_and_nobody_else_gets_any():
    thoughts = (
        Thinking(text="Hm.", signature="sig"),
        RedactedThinking(data="EuAECkgIBxAB"),
        Thinking(text="unsigned"),
        Thinking(text="", signature="google:AA=="),
    )
    said = assistant(*thoughts, Text(text="Hi"))
    assert [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": "RXVBRUNrZ0lCeEFC"}},
        {"text": "Hi"},
    ] == render(said)[0]["content"]
    for family in (Family.NOVA, Family.OTHER):
        assert [{"text": "Hi"}] == render(said, family=family)[0]["content"]


def test_what_may_be_cached_ends_behind_its_block_where_the_model_takes_that():
    point = {"cachePoint": {"type": "default"}}
    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    said = user(
        ToolResult(call_id="t", content=(Text(text="42"),), cache=CacheHint.FIVE_MINUTES),
        Text(text="a", cache=CacheHint.ONE_HOUR),
        msgspec.structs.replace(PICTURE, cache=CacheHint.FIVE_MINUTES),
    )
    kinds = [next(iter(block)) for block in render(said)[0]["content"]]
    assert ["toolResult", "cachePoint", "text", "cachePoint", "image", "cachePoint"] == kinds
    assert hour == render(said)[0]["content"][3]
    assert point == render(user(Text(text="a")), cache=CacheHint.FIVE_MINUTES)[0]["content"][-1]
    assert "cachePoint" not in json.dumps(render(said, family=Family.OTHER, cache=CacheHint.FIVE_MINUTES))


def test_right_behind_a_document_nothing_ends_what_may_be_cached():
    document = Document(source=TextSource(text="x"), cache=CacheHint.FIVE_MINUTES)
    point = {"cachePoint": {"type": "default"}}
    assert [{"text": "\n"}, point] == render(user(document))[0]["content"][1:]
    between = Text(text="\n", cache=CacheHint.FIVE_MINUTES)
    assert [{"text": "\n"}, point] == render(user(msgspec.structs.replace(document, cache=None), between))[0][
        "content"
    ][1:]
    assert 1 == len(render(user(document, between), family=Family.OTHER)[0]["content"])


def test_documents_of_one_request_have_names_of_their_own():
    notes = Document(source=TextSource(text="x"), title="notes")
    rendered = render(user(notes), assistant(Text(text="ok")), user(ToolResult(call_id="t", content=(notes,))))
    first = rendered[0]["content"][0]["document"]["name"]
    second = rendered[2]["content"][0]["toolResult"]["content"][0]["document"]["name"]
    assert ("notes", "notes (2)") == (first, second)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("messages[0].content[0]", user(ToolCall(id="t", name="n", arguments=""))),
        ("messages[0].content[0]", assistant(PICTURE)),
        ("messages[0].content[0].arguments", assistant(ToolCall(id="t", name="n", arguments='{"a'))),
    ],
)
def test_what_does_not_belong_is_refused_by_name(field: str, message: Message):
    with pytest.raises(UntranslatableError) as found:
        render(message)
    assert field == found.value.field


def test_instructions_end_what_may_be_cached_too():
    texts = (Text(text="a", cache=CacheHint.FIVE_MINUTES), Text(text=" "), Text(text="b"))
    expected = [{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}]
    assert expected == text_blocks(texts, Family.CLAUDE)
    assert [{"text": "a"}, {"text": "b"}] == text_blocks(texts, Family.MISTRAL)
