import json

import pytest

from headgate.domain.conversation import (
    Answer,
    RedactedThinking,
    StopReason,
    Text,
    Thinking,
    ToolCall,
)
from headgate.domain.usage import usage_of
from headgate.translate.bedrock_converse.parse_answer import parse_answer
from headgate.translate.codec import UntranslatableError


def body(*blocks: object, **fields: object) -> bytes:
    document = {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "stopReason": "end_turn"}
    return json.dumps(document | fields).encode()


def test_an_answer_is_read():
    answer = parse_answer(
        body(
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}},
            {"reasoningContent": {"redactedContent": "RXVBRUNrZ0lCeEFC"}},
            {"text": "Hi"},
            {"toolUse": {"toolUseId": "t1", "name": "look_up", "input": {"a": 1.50}, "type": "tool_use"}},
            stopReason="tool_use",
            usage={"inputTokens": 9, "outputTokens": 4},
            metrics={"latencyMs": 3},
        )
    )
    expected = Answer(
        parts=(
            Thinking(text="Hm.", signature="sig"),
            RedactedThinking(data="EuAECkgIBxAB"),
            Text(text="Hi"),
            ToolCall(id="t1", name="look_up", arguments='{"a":1.5}'),
        ),
        stop_reason=StopReason.TOOL_USE,
        usage=usage_of(input=9, output=4),
    )
    assert expected == answer


def test_blocks_that_say_nothing_are_left_out():
    quiet = [{"text": ""}, {"reasoningContent": {"reasoningText": {"text": ""}}}, {"reasoningContent": {}}]
    assert (Text(text="Hi"),) == parse_answer(body(*quiet, {"text": "Hi"})).parts


def test_text_with_citations_is_text():
    cited = {"citationsContent": {"content": [{"text": "Grass "}, {"text": "grows."}], "citations": [{"title": "T"}]}}
    assert (Text(text="Grass grows."),) == parse_answer(body(cited)).parts


def test_the_stop_sequence_is_read_where_it_was_asked_for():
    fields = {"stopReason": "stop_sequence", "additionalModelResponseFields": {"stop_sequence": "END"}}
    answer = parse_answer(body({"text": "a"}, **fields))
    assert (StopReason.STOP_SEQUENCE, "END") == (answer.stop_reason, answer.stop_sequence)
    for odd in ({"stop_sequence": None}, {"stop_sequence": 7}, [], None):
        assert parse_answer(body({"text": "a"}, additionalModelResponseFields=odd)).stop_sequence is None


def test_without_a_reason_the_turn_is_over():
    assert StopReason.END_TURN is parse_answer(body(stopReason=None)).stop_reason
    assert () == parse_answer(b'{"output":{}}').parts


@pytest.mark.parametrize(
    ("field", "block"),
    [
        ("output.message.content[0].tool_result", {"toolResult": {"toolUseId": "t", "content": []}}),
        ("output.message.content[0].image", {"image": {"format": "png"}}),
        (
            "output.message.content[0].toolUse.type",
            {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
        ),
        ("output.message.content[0].toolUse.input", {"toolUse": {"toolUseId": "t", "name": "n", "input": [1]}}),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(field: str, block: dict[str, object]):
    with pytest.raises(UntranslatableError) as found:
        parse_answer(body(block))
    assert field == found.value.field


@pytest.mark.parametrize("malformed", [b"", b"[]", b"{}", b'{"output":{"message":{"content":[{"text":1}]}}}'])
def test_what_is_no_answer_is_refused(malformed: bytes):
    with pytest.raises(UntranslatableError):
        parse_answer(malformed)
