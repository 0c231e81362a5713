from typing import Any

import msgspec
import pytest

from headgate.simulator.refusals import Refusal
from headgate.simulator.turns import PER_MESSAGE, read_functions, read_turns


def raw(document: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(document))


def test_texts_plans_names_calls_and_pictures_count():
    calls = [{"function": {"name": "f", "arguments": {}}}]
    turns = read_turns(
        raw(
            [
                {"role": "user", "content": "hello", "images": ["aGVsbG8="]},
                {"role": "assistant", "tool_plan": "I look.", "tool_calls": calls},
                {"role": "tool", "content": [{"type": "text", "text": "four"}], "name": "f"},
            ]
        )
    )
    written = -(-len(msgspec.json.encode(["aGVsbG8="])) // 4) + -(-len(msgspec.json.encode(calls)) // 4)
    assert 3 * PER_MESSAGE + 2 + 2 + 1 + 1 + written == turns.tokens
    assert ("hello", False) == (turns.last_user_text, turns.user_spoke_last)


@pytest.mark.parametrize("messages", [[], [{"content": "no role"}], "text"])
def test_what_are_no_messages_is_refused(messages: Any):
    with pytest.raises(Refusal) as refused:
        read_turns(raw(messages))
    assert 400 == refused.value.status


def test_tools_have_a_schema_each():
    tools = read_functions(raw([{"function": {"name": "f"}}, {"function": {"name": "g", "parameters": {"a": 1}}}]))
    assert [("f", {"type": "object"}), ("g", {"a": 1})] == [(tool.name, tool.schema) for tool in tools]
    assert () == read_functions(msgspec.Raw(b"null"))
