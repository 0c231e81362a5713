"""Every recorded exchange of the two formats goes through the other format and comes back the same.

The recordings are not part of the repository: they are looked for in `../shared`, or where HEADGATE_SHARED says.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headgate.domain.conversation import (
    Answer,
    Conversation,
    RedactedThinking,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS, Unit, Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("HEADGATE_SHARED", ROOT.parent / "shared")) / "recordings"

if not RECORDINGS.is_dir():
    pytest.skip("no recordings: set HEADGATE_SHARED to the folder that holds them", allow_module_level=True)

OTHER = {Format.OPENAI_CHAT: Format.ANTHROPIC_MESSAGES, Format.ANTHROPIC_MESSAGES: Format.OPENAI_CHAT}
MODEL = {Format.OPENAI_CHAT: "gpt-4o", Format.ANTHROPIC_MESSAGES: "claude-sonnet-4-5"}

FILES = {
    **{path.name: Format.OPENAI_CHAT for path in sorted(RECORDINGS.glob("*.chat.jsonl"))},
    **{path.name: Format.OPENAI_CHAT for path in sorted(RECORDINGS.glob("*openai_chat.jsonl"))},
    "anthropic.messages.jsonl": Format.ANTHROPIC_MESSAGES,
    "vertex_anthropic.rawPredict.jsonl": Format.ANTHROPIC_MESSAGES,
    "ollama.anthropic_messages.jsonl": Format.ANTHROPIC_MESSAGES,
    "openrouter.messages.jsonl": Format.ANTHROPIC_MESSAGES,
}

REFUSED_REQUESTS = {
    r"^(audio|modalities|.*'input_audio')": "sound",
    r"^(n|logprobs|logit_bias): ": "several choices, probabilities and steering by token are OpenAI's",
    r"^(functions|function_call): ": "the forerunner of tools: its answers have no counterpart",
    r"^tools\[\d+\]\.type: ": "tools that a provider runs",
    r"^(mcp_servers|container|web_search_options|search_settings|search_context_size|return_related_questions): ": (
        "work that a provider does beside answering"
    ),
    r"'(server_tool_use|tool_reference|tool_addition|container_upload|compaction)'": "traces of such work in history",
    r"\.source\.type: 'file'": "files that were uploaded to one provider",
    r"\.source: this model takes documents only inside the body": "documents by address: OpenAI takes none",
    r"^response_format\.type: this model needs a schema": "JSON without a schema: Anthropic has no such mode",
    r"^(provider|models|plugins|preset|moderation|venice_parameters|safe_prompt|options|extra_body): ": (
        "fields of one operator that change what is done, not only how"
    ),
    r"^messages: this model needs a message that is not empty": "Anthropic refuses empty messages",
    r"^max_tokens: must be at least 1": "zero tokens",
    r"\.arguments: Expected `object`": "a history whose tool arguments are no object",
    r"unknown field `(images|image_url)`": "pictures where the format has none",
    r"\.tool_calls\[0\]: Object missing required field `id`": "a history made by hand, without the id of a call",
}
"""What a request may contain that the other format cannot say -> why. A request that says it is refused by name."""

REFUSED_ANSWERS = {
    r"^choices: exactly one is translated": "several choices, or none",
    r"\.audio: ": "sound",
    r"custom call has no counterpart": "OpenAI's custom tools take no JSON",
    r"'(server_tool_use|mcp_tool_use|tool_search_tool_result|web_search_tool_result|compaction|fallback)'": (
        "what a provider's own tools did: the requests before these answers are refused"
    ),
}
"""The same for answers."""

NOT_WHOLE = {
    r"^lingua/.*/vertex-anthropic/.*response-streaming\.json": "one whole body written as an event: not a stream",
    r"test_openrouter_stream_error": "the provider reports an error inside the stream",
    r"test_tool_use_failed_error_streaming_with_text": "the same",
}
"""Recorded streams that must come out as a failure -> why."""


def exchanges(name: str) -> Iterator[dict]:
    with (RECORDINGS / name).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def row_of(table: dict[str, str], finding: str) -> str:
    rows = [row for row in table if re.search(row, finding)]
    assert rows, f"refused without a reason in this file: {finding}"
    return rows[0]


def said(answer: Answer, *, through: Format) -> dict:
    """What must survive, as the given format can tell it."""
    reasons = {StopReason.CONTEXT_FULL: StopReason.MAX_TOKENS}
    reasons |= {StopReason.STOP_SEQUENCE: StopReason.END_TURN, StopReason.PAUSE_TURN: StopReason.END_TURN}
    thoughts = [part for part in answer.parts if isinstance(part, Thinking)]
    return {
        "text": "".join(part.text for part in answer.parts if isinstance(part, Text)),
        "thinking": "".join(part.text for part in thoughts),
        "signatures": [part.signature for part in thoughts if part.signature],
        "redacted": [part.data for part in answer.parts if isinstance(part, RedactedThinking)],
        "calls": [
            (part.id, part.name, json.loads(part.arguments or "{}"))
            for part in answer.parts
            if isinstance(part, ToolCall)
        ],
        "stop_reason": reasons.get(answer.stop_reason, answer.stop_reason),
        "usage": usage_through(answer.usage, through),
        "id": answer.id,
        "model": answer.model,
    }


def usage_through(usage: Usage | None, through: Format) -> dict[str, int] | None:
    """Buckets that a format tells apart."""
    if usage is None:
        return None
    n = {unit: usage.quantities.get(unit, 0) for unit in Unit}
    cached = n[Unit.CACHE_READ] + n[Unit.CACHE_READ_AUDIO] + n[Unit.CACHE_READ_IMAGE]
    told = {
        "input": sum(n[unit] for unit in INPUT_UNITS),
        "output": sum(n[unit] for unit in OUTPUT_UNITS),
        "cached": cached,
        "written": n[Unit.CACHE_WRITE] + n[Unit.CACHE_WRITE_1H],
        "reasoning": n[Unit.OUTPUT_REASONING],
        "searches": n[Unit.WEB_SEARCH],
    }
    if through is Format.OPENAI_CHAT:
        return told | {"audio": n[Unit.INPUT_AUDIO], "image": n[Unit.INPUT_IMAGE]}
    return told | {"hour": n[Unit.CACHE_WRITE_1H]}


def raw_fields(body: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(body, type=dict[str, msgspec.Raw])


def request_goes_through(request: dict, own: Format) -> None:
    """Parse, render into the other format, parse that: the words, the calls and the tools are still there."""
    other = OTHER[own]
    asked = codec_for(own).parse_request(raw_fields(json.dumps(request).encode()))
    rendered = codec_for(other).render_request(asked, model=MODEL[other], default_max_tokens=4096)
    heard = codec_for(other).parse_request(raw_fields(rendered))
    assert [(tool.name, tool.description) for tool in asked.tools] == [
        (tool.name, tool.description) for tool in heard.tools
    ]
    assert asked.stream == heard.stream
    assert asked.stop_sequences == heard.stop_sequences
    assert calls_of(asked) == calls_of(heard)
    assert Counter() == letters_of(asked) - letters_of(heard)


def calls_of(conversation: Conversation) -> list:
    parts = [part for message in conversation.messages for part in message.parts]
    return [(part.name, json.loads(part.arguments or "{}")) for part in parts if isinstance(part, ToolCall)]


def letters_of(conversation: Conversation) -> Counter[str]:
    """All that is said, without its order: instructions in the middle move to the front in one format, and what a tool
    showed is announced in the other.
    """
    parts = [part for message in conversation.messages for part in message.parts]
    results = [shown for part in parts if isinstance(part, ToolResult) for shown in part.content]
    said = [part.text for part in [*conversation.system, *parts, *results] if isinstance(part, Text)]
    return Counter(re.sub(r"\s", "", "".join(said)))


def answer_goes_through(exchange: dict, own: Format) -> str:
    """The answer in the other format, read there, says the same. Gives "failed" for a stream that reports a failure."""
    other = OTHER[own]
    if isinstance(exchange.get("response"), dict):
        first = codec_for(own).parse_answer(json.dumps(exchange["response"]).encode())
        second = codec_for(other).parse_answer(codec_for(other).render_answer(first, created=1))
    else:
        parser = codec_for(own).answer_parser()
        deltas = [*parser.feed(exchange["response_sse"].encode()), *parser.finish()]
        first = fold(deltas)
        renderer = codec_for(other).answer_renderer(created=1, include_usage=True)
        rendered = b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()
        parser = codec_for(other).answer_parser()
        second = fold([*parser.feed(rendered), *parser.finish()])
        if first.failure is not None:
            row_of(NOT_WHOLE, exchange["id"])
            assert second.failure is not None
            return "failed"
        # The non-streamed answer equals the fold of the streamed one.
        whole = codec_for(other).parse_answer(codec_for(other).render_answer(first, created=1))
        assert said(whole, through=other) == said(second, through=other)
    expected = said(first, through=other)
    if not expected["id"]:
        expected["id"] = second.id  # A format that needs an id gets one.
    assert expected == said(second, through=other)
    return "passed"


def go_through(name: str) -> Counter[str]:
    own = FILES[name]
    counted: Counter[str] = Counter()
    for exchange in exchanges(name):
        failed = exchange["status"] >= 300
        if exchange["request"] is not None:
            try:
                request_goes_through(exchange["request"], own)
                counted["request passed"] += 1
            except UntranslatableError as error:
                # A request that its own provider refused may be wrong in any way.
                counted["request refused" if not failed else "bad request refused"] += 1
                if not failed:
                    counted[row_of(REFUSED_REQUESTS, str(error))] += 1
        if failed:
            body = exchange.get("response")
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            assert codec_for(own).parse_error(exchange["status"], raw)
            counted["error read"] += 1
            continue
        try:
            counted[f"answer {answer_goes_through(exchange, own)}"] += 1
        except UntranslatableError as error:
            counted["answer refused"] += 1
            counted[row_of(REFUSED_ANSWERS, str(error))] += 1
    return counted


@pytest.mark.parametrize("name", FILES)
def test_what_was_asked_and_answered_survives_the_other_format(name: str):
    counted = go_through(name)
    print("\n" + row(name, counted))
    assert counted["answer passed"] + counted["answer refused"] + counted["answer failed"] + counted["error read"]


COLUMNS = (
    "request passed",
    "request refused",
    "bad request refused",
    "answer passed",
    "answer refused",
    "answer failed",
    "error read",
)


def row(name: str, counted: Counter[str]) -> str:
    return f"{name:36}" + "".join(f"{counted[column]:>10}" for column in COLUMNS)


@pytest.mark.timeout(300)
def test_the_lists_of_exceptions_are_short_and_not_stale():
    total: Counter[str] = Counter()
    print("\n" + f"{'':36}" + "".join(f"{column.split()[-1][:9]:>10}" for column in COLUMNS))
    for name in FILES:
        counted = go_through(name)
        print(row(name, counted))
        total += counted
    print(row("all", total))
    stale = [entry for entry in [*REFUSED_REQUESTS, *REFUSED_ANSWERS] if not total[entry]]
    assert [] == stale
    assert total["request refused"] < 0.15 * total["request passed"]
    assert total["answer refused"] < 0.06 * total["answer passed"]
