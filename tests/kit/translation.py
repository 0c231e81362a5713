"""What the tests of the translators share: made-up answers, their pieces, and judges of the order of events."""

import json
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import usage_of

WORDS = st.text(min_size=1, max_size=12)
NAMES = st.text("abcdefghij_", min_size=1, max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
JSON_OBJECTS = st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=3)
USAGES = st.builds(
    usage_of,
    input=st.integers(0, 9999),
    cache_read=st.integers(0, 999),
    cache_write=st.integers(0, 999),
    output=st.integers(1, 9999),
    output_reasoning=st.integers(0, 999),
)


def pieces(text: str, cuts: list[int]) -> list[str]:
    """A text cut at some places."""
    places = sorted({cut % (len(text) + 1) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.integers(0, 200), max_size=4)


@st.composite
def texts(draw) -> list[Delta]:
    return [TextDelta(text=piece) for piece in pieces(draw(WORDS), draw(CUTS))]


@st.composite
def thoughts(draw) -> list[Delta]:
    thought: list[Delta] = [ThinkingDelta(text=piece) for piece in pieces(draw(WORDS), draw(CUTS))]
    if draw(st.booleans()):
        thought.append(SignatureDelta(signature=draw(WORDS)))
    return thought


@st.composite
def calls(draw, first_key: int) -> list[Delta]:
    """One to three tool calls whose fragments come in any order among each other."""
    waiting: list[list[Delta]] = []
    for i in range(draw(st.integers(1, 3))):
        key = first_key + i
        arguments = json.dumps(draw(JSON_OBJECTS)) if draw(st.booleans()) else ""
        fragments: list[Delta] = [ToolCallStarted(key=key, id=f"call_{key}", name=draw(NAMES))]
        fragments += [ToolCallDelta(key=key, arguments=piece) for piece in pieces(arguments, draw(CUTS)) if piece]
        if draw(st.booleans()):
            fragments.append(PartEnded(key=key))
        waiting.append(fragments)
    mixed: list[Delta] = []
    while waiting:
        chosen = waiting[draw(st.integers(0, len(waiting) - 1))]
        mixed.append(chosen.pop(0))
        waiting = [fragments for fragments in waiting if fragments]
    return mixed


@st.composite
def streams(draw) -> list[Delta]:
    """The deltas of a whole answer, as a parser may give them."""
    deltas: list[Delta] = [Started(id="answer_1", model="some-model", usage=draw(st.none() | USAGES))]
    key = 0
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["text", "thought", "redacted", "calls"]))
        if kind == "calls":
            deltas += draw(calls(key))
            key += 3
        elif kind == "redacted":
            deltas.append(RedactedThinkingArrived(data=draw(WORDS)))
        else:
            deltas += draw(texts() if kind == "text" else thoughts())
            # A thought is signed once, at its end: what follows a signature is another part.
            if isinstance(deltas[-1], SignatureDelta) or draw(st.booleans()):
                deltas.append(PartEnded())
    if draw(st.booleans()):
        deltas.append(UsageReported(usage=draw(USAGES)))
    deltas.append(Finished(stop_reason=draw(st.sampled_from(StopReason))))
    return deltas


KEYS = st.integers(0, 2)
ANY_DELTA = st.one_of(
    st.builds(Started, id=st.text(max_size=5), model=st.text(max_size=5), usage=st.none() | USAGES),
    st.builds(TextDelta, text=st.text(max_size=5)),
    st.builds(ThinkingDelta, text=st.text(max_size=5)),
    st.builds(SignatureDelta, signature=st.text(max_size=5)),
    st.builds(RedactedThinkingArrived, data=st.text(max_size=5)),
    st.builds(ToolCallStarted, key=KEYS, id=st.text(max_size=5), name=st.text(max_size=5)),
    st.builds(ToolCallDelta, key=KEYS, arguments=st.sampled_from(["", "{", "}", "{}", '{"a":1}', " ", "x"])),
    st.builds(PartEnded, key=st.none() | KEYS),
    st.builds(UsageReported, usage=USAGES),
    st.builds(Finished, stop_reason=st.sampled_from(StopReason), stop_sequence=st.none() | st.text(max_size=3)),
    st.builds(Failed, message=st.text(max_size=5), error_type=st.none() | st.text(max_size=5)),
)
"""Any piece, in sense or out of it."""


def events(stream: bytes) -> list[tuple[str, dict]]:
    """Server-sent events, read by other means than ours: (name, JSON)."""
    found = []
    for block in stream.decode().split("\n\n"):
        if not block:
            continue
        name, data = "", None
        for line in block.split("\n"):
            key, _, value = line.partition(": ")
            assert key in {"event", "data"}, f"not a line of an event: {line!r}"
            if key == "event":
                name = value
            else:
                assert data is None, "one line of data per event"
                data = value
        found.append((name, {"done": True} if data == "[DONE]" else json.loads(data)))
    return found


DELTAS_OF_BLOCKS = {
    "text": {"text_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "redacted_thinking": set(),
}


def judge_anthropic(stream: bytes) -> None:
    """Exactly one message_start, blocks opened and closed one by one, message_delta, message_stop; or an error last."""
    expected_index, open_block, stage = 0, None, "begin"
    for name, event in events(stream):
        assert name == event["type"]
        assert stage != "ended", f"{name} after the end"
        match name:
            case "message_start":
                assert stage == "begin"
                stage = "open"
            case "content_block_start":
                assert stage == "open"
                assert open_block is None
                assert event["index"] == expected_index
                open_block = event["content_block"]["type"]
            case "content_block_delta":
                assert event["index"] == expected_index
                assert event["delta"]["type"] in DELTAS_OF_BLOCKS[open_block]
            case "content_block_stop":
                assert open_block is not None
                assert event["index"] == expected_index
                open_block, expected_index = None, expected_index + 1
            case "message_delta":
                assert stage == "open"
                assert open_block is None
                assert event["delta"]["stop_reason"]
                assert event["usage"].keys() >= {"input_tokens", "output_tokens"}
                stage = "told"
            case "message_stop":
                assert stage == "told"
                stage = "ended"
            case "error":
                stage = "ended"
            case _:
                raise AssertionError(name)
    assert stage == "ended"


@dataclass
class OpenAiJudge:
    """The role once and first, then content, one finish reason, at most one usage chunk, [DONE]; or an error last."""

    wants_usage: bool
    stage: str = "begin"
    calls: list[str] = field(default_factory=list)

    def judge(self, stream: bytes) -> None:
        for _, event in events(stream):
            assert self.stage != "ended"
            if "error" in event or "done" in event:
                assert "error" in event or self.stage in {"finished", "told"}
                self.stage = "ended"
            elif not event["choices"]:
                assert self.wants_usage
                assert self.stage == "finished"
                assert event["usage"]["total_tokens"] > 0
                self.stage = "told"
            else:
                self._chunk(event)
        assert self.stage == "ended"

    def _chunk(self, event: dict) -> None:
        (choice,) = event["choices"]
        assert ("role" in choice["delta"]) == (self.stage == "begin")
        assert self.stage in {"begin", "open"}
        for call in choice["delta"].get("tool_calls", ()):
            assert call["index"] <= len(self.calls)
            assert ("id" in call) == (call["index"] == len(self.calls))
            if "id" in call:
                self.calls.append(call["id"])
        self.stage = "finished" if choice["finish_reason"] else "open"


def judge_gemini(stream: bytes) -> None:
    """Pieces of one candidate, calls whole, exactly one finish reason, in the last event; or an error last."""
    finished = failed = False
    calls: list[str] = []
    for name, event in events(stream):
        assert not name
        assert not finished
        assert not failed
        failed = "error" in event
        for candidate in event.get("candidates", ()):
            assert candidate["index"] == 0
            finished = "finishReason" in candidate
            for part in candidate["content"]["parts"]:
                if call := part.get("functionCall"):
                    assert isinstance(call["args"], dict)
                    calls.append(call["id"])
                else:
                    assert isinstance(part["text"], str)
    assert finished or failed


class ResponsesJudge:
    """The order of the Responses format: every item and part begins, grows, is told whole and ends, once each."""

    def __init__(self) -> None:
        self.stage = "begin"
        self.open: dict[int, dict] = {}
        self.done: dict[int, dict] = {}
        self.parts: dict[tuple[int, str, int], str] = {}
        """(item, kind, index) -> what the part has grown to; it is told whole before it ends."""
        self.told: set[tuple[int, str, int]] = set()

    def judge(self, stream: bytes) -> None:
        for number, (name, event) in enumerate(events(stream)):
            assert name == event["type"]
            assert self.stage != "ended", f"{name} after the end"
            if name == "error":
                assert event["error"]["message"] == event["message"]
                self.stage = "ended"
                continue
            assert number == event["sequence_number"]
            self._event(name, event)
        assert self.stage == "ended"

    def _event(self, name: str, event: dict) -> None:
        match name.removeprefix("response."):
            case "created":
                assert self.stage == "begin"
                self.stage = "created"
            case "in_progress":
                assert self.stage == "created"
                self.stage = "open"
            case "completed" | "incomplete" as status:
                self._end(status, event["response"])
            case "output_item.added":
                assert self.stage == "open"
                assert event["output_index"] == len(self.open) + len(self.done)
                assert not event["item"].get("content")
                self.open[event["output_index"]] = event["item"]
            case "output_item.done":
                self._item_done(event["output_index"], event["item"])
            case _:
                self._inside(name, event)

    def _inside(self, name: str, event: dict) -> None:
        index = event["output_index"]
        item = self.open[index]
        assert item["id"] == event["item_id"]
        if "function_call_arguments" in name:
            assert item["type"] == "function_call"
            part = (index, "arguments", 0)
            self.parts.setdefault(part, "")
        else:
            kind = "summary" if "summary" in name else "content"
            part = (index, kind, event[f"{kind}_index"])
        if name.endswith("part.added"):
            assert part not in self.parts
            assert part[2] == sum(known[:2] == part[:2] for known in self.parts)
            self.parts[part] = ""
        elif name.endswith(".delta"):
            assert part not in self.told
            self.parts[part] += event["delta"]
        elif name.endswith("part.done"):
            assert part in self.told
            assert self.parts[part] == _text_of(event["part"])
        else:
            assert name.endswith(".done")
            assert part not in self.told
            assert self.parts[part] == next(event[key] for key in ("text", "refusal", "arguments") if key in event)
            self.told.add(part)

    def _item_done(self, index: int, item: dict) -> None:
        begun = self.open.pop(index)
        assert (begun["id"], begun["type"]) == (item["id"], item["type"])
        own = {part: text for part, text in self.parts.items() if part[0] == index}
        assert own.keys() <= self.told
        if item["type"] == "function_call":
            assert [item["arguments"]] == [text.strip() for text in own.values()]
        else:
            told = [(kind, _text_of(part)) for kind in ("content", "summary") for part in item.get(kind) or ()]
            assert told == [(kind, text) for (_, kind, _), text in sorted(own.items())]
        self.done[index] = item

    def _end(self, status: str, response: dict) -> None:
        assert self.stage == "open"
        assert not self.open
        assert status == response["status"]
        assert (status == "incomplete") == (response["incomplete_details"] is not None)
        assert response["output"] == [self.done[index] for index in range(len(self.done))]
        self.stage = "ended"


def _text_of(part: dict) -> str:
    return part["refusal"] if part["type"] == "refusal" else part["text"]


def judge_responses(stream: bytes) -> None:
    """Whether a stream of the Responses format is in a legal order, and its end says what was streamed."""
    ResponsesJudge().judge(stream)
