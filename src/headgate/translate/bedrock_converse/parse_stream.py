"""Streamed answer of Bedrock's Converse format -> deltas."""

import base64
import binascii
from collections.abc import Callable
from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.translate.bedrock_converse import answer_shapes as shapes
from headgate.translate.bedrock_converse.blobs import parse_blob
from headgate.translate.bedrock_converse.frames import DAMAGED, failure_of, kind_of
from headgate.translate.bedrock_converse.parse_answer import refuse_foreign, refuse_server_tool, stop_sequence_of
from headgate.translate.bedrock_converse.stop_reasons import parse_stop_reason
from headgate.translate.bedrock_converse.usage import converse_usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode
from headgate.wire.eventstream import Frame, FrameSplitter, MalformedFrameError, parse_frame

_BROKE_OFF: Final = "The answer broke off before its end."


class ConverseStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._frames = FrameSplitter()
        self._calls: set[int] = set()
        self._redacted: dict[int, list[str]] = {}
        self._finished = False
        self._failed = False
        self._handlers: dict[str, Callable[[shapes.StreamEvent], list[Delta]]] = {
            "messageStart": self._message_start,
            "contentBlockStart": self._block_start,
            "contentBlockDelta": self._block_delta,
            "contentBlockStop": self._block_stop,
            "messageStop": self._message_stop,
            "metadata": self._metadata,
        }

    def feed(self, chunk: bytes) -> list[Delta]:
        """Read bytes in any cut.

        Raises:
            UntranslatableError: naming the field of the event.
        """
        deltas: list[Delta] = []
        for raw in self._frames.feed(chunk):
            deltas += self._raw(raw)
        if self._frames.damage is not None:
            deltas += self._fail(f"{DAMAGED}: {self._frames.damage}.", None)
        return deltas

    def finish(self) -> list[Delta]:
        """The stream ended: half a frame is none; an answer without an end failed."""
        return [] if self._finished else self._fail(_BROKE_OFF, None)

    def _fail(self, message: str, kind: str | None) -> list[Delta]:
        if self._failed:
            return []
        self._failed = True
        return [Failed(message=message, error_type=kind)]

    def _raw(self, raw: bytes) -> list[Delta]:
        if self._failed:
            return []
        try:
            frame = parse_frame(raw)
        except MalformedFrameError as error:
            return self._fail(f"{DAMAGED}: {error}.", None)
        if (failure := failure_of(frame)) is not None:
            return self._fail(failure.message, failure.kind)
        return self._event(frame)

    def _event(self, frame: Frame) -> list[Delta]:
        handler = self._handlers.get(kind_of(frame))
        # Kinds that are added later are passed over.
        return handler(decode(frame.payload, shapes.StreamEvent, "")) if handler is not None else []

    def _message_start(self, event: shapes.StreamEvent) -> list[Delta]:
        _ = event
        return [Started()]

    def _block_start(self, event: shapes.StreamEvent) -> list[Delta]:
        start = event.start or shapes.Start()
        refuse_foreign(start, "start")
        if (call := start.tool_use) is None:
            return []
        refuse_server_tool(call, "start.toolUse")
        key = event.content_block_index
        self._calls.add(key)
        return [ToolCallStarted(key=key, id=call.tool_use_id, name=call.name)]

    def _block_delta(self, event: shapes.StreamEvent) -> list[Delta]:
        delta, key = event.delta or shapes.Delta(), event.content_block_index
        refuse_foreign(delta, "delta")
        if delta.text:
            return [TextDelta(text=delta.text)]
        if (thought := delta.reasoning_content) is not None:
            return self._thought(thought, key)
        if delta.tool_use is None:
            return []  # A citation, whose text comes as text.
        if key not in self._calls:
            raise UntranslatableError("contentBlockIndex", "names no tool call that has begun")
        return [ToolCallDelta(key=key, arguments=delta.tool_use.input)] if delta.tool_use.input else []

    def _thought(self, thought: shapes.ReasoningDelta, key: int) -> list[Delta]:
        if thought.redacted_content is not None:
            self._redacted.setdefault(key, []).append(thought.redacted_content)
        deltas: list[Delta] = [ThinkingDelta(text=thought.text)] if thought.text else []
        return [*deltas, SignatureDelta(signature=thought.signature)] if thought.signature else deltas

    def _block_stop(self, event: shapes.StreamEvent) -> list[Delta]:
        key = event.content_block_index
        if (blobs := self._redacted.pop(key, None)) is not None:
            return [RedactedThinkingArrived(data=parse_blob(_whole(blobs)))]
        return [PartEnded(key=key if key in self._calls else None)]

    def _message_stop(self, event: shapes.StreamEvent) -> list[Delta]:
        self._finished = True
        stop = parse_stop_reason(event.stop_reason or "")
        return [Finished(stop_reason=stop, stop_sequence=stop_sequence_of(event.additional_model_response_fields))]

    def _metadata(self, event: shapes.StreamEvent) -> list[Delta]:
        usage = converse_usage(event.usage)
        return [] if usage is None else [UsageReported(usage=usage)]


def _whole(blobs: list[str]) -> str:
    """One blob out of its pieces, each of which is base64 of its own."""
    if len(blobs) == 1:
        return blobs[0]
    try:
        return base64.b64encode(b"".join(base64.b64decode(blob, validate=True) for blob in blobs)).decode()
    except (binascii.Error, ValueError):
        return "".join(blobs)
