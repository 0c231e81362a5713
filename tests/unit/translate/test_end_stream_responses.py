from typing import Any

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.translate.ending import Ending, ending_for
from headgate.translate.openai_responses.end_stream import ITEM_TOKENS
from tests.kit.responses import CALL, MESSAGE, response_stream, written
from tests.kit.translation import events, judge_responses

REASONING = {"id": "rs", "type": "reasoning", "summary": []}
PARTS = [
    ("reasoning_text", "reasoning_text"),
    ("summary_text", "reasoning_summary_text"),
    ("refusal", "refusal"),
]
"""Type of a part, and what it grows by."""
SEARCH = {"id": "ws", "type": "web_search_call"}


def ending() -> Ending:
    return ending_for(Format.OPENAI_RESPONSES, created=7, model="asked", include_usage=False)


def event(kind: str, **fields: Any) -> bytes:
    return written([{"type": kind, "output_index": 0, **fields}])[0]


def data_of(raw: bytes) -> bytes:
    return raw.partition(b"data: ")[2].strip()


def added(item: dict[str, Any]) -> bytes:
    return event("response.output_item.added", item=item)


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (event("response.output_text.delta", delta="Zür"), 4),
        (event("response.reasoning_summary_text.delta", delta="hm"), 2),
        (event("response.function_call_arguments.delta", delta='{"a'), 3),
        (event("response.output_text.done", text="again"), 0),
        (event("response.content_part.added", part={"type": "output_text", "text": ""}), 0),
        (added(CALL), ITEM_TOKENS + 1),
        (added(MESSAGE), ITEM_TOKENS),
        (event("response.created", response={}), 0),
        (b"data: [DONE]\n\n", 0),
        (b": comment\n\n", 0),
        (b'data: {"odd\n\n', 5),
    ],
)
def test_what_an_event_can_be_at_most(chunk: bytes, expected: int):
    assert expected == ending().feed(chunk)


@pytest.mark.parametrize(
    "chunk",
    [
        event("response.code_interpreter_call_code.delta", delta="x"),
        event("response.output_text.delta", delta=5),
        event("response.output_item.done", item=SEARCH),
        event("response.output_item.done", item={**MESSAGE, "content": [{"type": "output_text", "text": "new"}]}),
    ],
)
def test_of_what_is_not_known_every_byte_counts(chunk: bytes):
    assert len(data_of(chunk)) == ending().feed(chunk)


def test_what_only_the_provider_can_read_is_counted_at_its_end():
    followed = ending()
    followed.feed(added(REASONING) + event("response.reasoning_text.delta", content_index=0, delta="hm"))
    assert 3 == followed.feed(event("response.output_item.done", item={**REASONING, "encrypted_content": "enc"}))


@pytest.mark.parametrize("number", range(len(response_stream())))
def test_a_stream_that_is_cut_behind_any_event_ends_legally(number: int):
    passed = response_stream()[:number]
    followed = ending()
    for raw in passed:
        followed.feed(raw)
    stream = b"".join(passed) + followed.finish(usage_of(input=9, output=4))
    judge_responses(stream)
    response = events(stream)[-1][1]["response"]
    assert ({"reason": "max_output_tokens"}, 13) == (response["incomplete_details"], response["usage"]["total_tokens"])
    assert ("resp_1" if passed else "resp_7") == response["id"]


def test_every_kind_of_part_that_is_open_is_ended():
    begun: list[dict[str, Any]] = [
        {"type": kind, "response": {}} for kind in ("response.created", "response.in_progress")
    ]
    for place, (part, delta) in enumerate(PARTS):
        where = "summary" if part == "summary_text" else "content"
        prefix = "response.reasoning_summary" if where == "summary" else "response.content"
        text = "refusal" if part == "refusal" else "text"
        item = {**(MESSAGE if part == "refusal" else REASONING), "id": f"i{place}"}
        at = {"output_index": place, "item_id": f"i{place}", f"{where}_index": 0}
        begun += [
            {"type": "response.output_item.added", "output_index": place, "item": item},
            {"type": f"{prefix}_part.added", **at, "part": {"type": part, text: ""}},
            {"type": f"response.{delta}.delta", **at, "delta": "x"},
        ]
    followed, passed = ending(), b"".join(written(begun))
    followed.feed(passed)
    stream = passed + followed.finish(None)
    judge_responses(stream)
    assert events(stream)[-1][1]["response"]["usage"] is None


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete", "response.failed", "error"])
def test_a_stream_that_is_over_is_not_ended_again(kind: str):
    followed = ending()
    assert not followed.over
    followed.feed(event(kind, response={}))
    assert followed.over
    assert b"" == followed.finish(None)
