"""Bodies of Gemini's format -> deltas: a whole answer is one body, a streamed one several, and both are read alike."""

from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinking,
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
from headgate.domain.usage import Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import encode, is_given, object_text
from headgate.translate.error_message import error_message
from headgate.translate.gemini import answer_shapes as shapes
from headgate.translate.gemini.stop_reasons import FAILED, parse_stop_reason, reason_word
from headgate.translate.signatures import from_gemini
from headgate.translate.usage_gemini import gemini_usage
from headgate.wire.spelling import camel_case

BROKE_OFF: Final = "The answer broke off before its end."


class AnswerReader:
    """Reads the bodies of one answer in their order."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._started = False
        self._response_id = ""
        self._calls = 0
        self._usage: Usage | None = None
        self._reason = ""
        self._blocked = False
        self._message = ""
        self._failed = False

    @property
    def said_anything(self) -> bool:
        """Whether there was an answer, or word of a prompt that was blocked."""
        return self._started

    def read(self, body: shapes.Body) -> list[Delta]:
        """Read one body.

        Raises:
            UntranslatableError: naming the field.
        """
        if self._failed:
            return []
        if is_given(body.error):
            self._failed = True
            return [Failed(message=error_message(200, encode({"error": body.error}, "error")))]
        deltas = self._begin(body)
        for candidate in body.candidates or ():
            deltas += self._candidate(candidate)
        if body.prompt_feedback is not None and (blocked := reason_word(body.prompt_feedback.block_reason)):
            self._reason, self._blocked = blocked, True
        usage = gemini_usage(body.usage_metadata)
        if usage is not None and usage != self._usage:
            self._usage = usage
            deltas.append(UsageReported(usage=usage))
        return deltas

    def finish(self) -> list[Delta]:
        """There are no more bodies. Only now is it known which finish reason was the last: older models repeat it."""
        if self._failed:
            return []
        if not self._reason:
            return [Failed(message=BROKE_OFF)]
        if self._blocked:
            return [Finished(stop_reason=StopReason.REFUSAL)]
        if self._reason in FAILED:
            said = f" {self._message}" if self._message else ""
            return [Failed(message=f"The model failed: {self._reason}.{said}")]
        return [Finished(stop_reason=parse_stop_reason(self._reason, has_calls=self._calls > 0))]

    def _begin(self, body: shapes.Body) -> list[Delta]:
        blocked = body.prompt_feedback is not None and body.prompt_feedback.block_reason
        if self._started or not (body.candidates or blocked):
            return []
        self._started = True
        self._response_id = body.response_id or ""
        # Its figures for the output grow; those of the input are there from the first body on.
        return [Started(id=self._response_id, model=body.model_version or "", usage=gemini_usage(body.usage_metadata))]

    def _candidate(self, candidate: shapes.Candidate) -> list[Delta]:
        if candidate.index:
            raise UntranslatableError("candidates", "exactly one is translated")
        deltas: list[Delta] = []
        parts = candidate.content.parts if candidate.content is not None else None
        for i, part in enumerate(parts or ()):
            deltas += self._part(part, f"candidates[0].content.parts[{i}]")
        if reason := reason_word(candidate.finish_reason):
            self._reason, self._message = reason, candidate.finish_message or ""
        return deltas

    def _part(self, part: shapes.Part, field: str) -> list[Delta]:
        for name in shapes.FOREIGN:
            if is_given(getattr(part, name)):
                raise UntranslatableError(f"{field}.{camel_case(name)}", "has no counterpart in the client's format")
        if part.function_call is not None:
            return [*_signature(part.thought_signature), *self._call(part.function_call, f"{field}.functionCall")]
        if part.thought:
            thought: list[Delta] = [ThinkingDelta(text=part.text)] if part.text else []
            return [*thought, *_signature(part.thought_signature, of_thought=True)]
        return [TextDelta(text=part.text)] if part.text else []

    def _call(self, call: shapes.FunctionCall, field: str) -> list[Delta]:
        if not call.name:
            raise UntranslatableError(f"{field}.name", "is required")
        if is_given(call.partial_args):
            raise UntranslatableError(f"{field}.partialArgs", "arguments in pieces were not asked for")
        key = self._calls
        self._calls += 1
        arguments = object_text(call.args, f"{field}.args") if is_given(call.args) else "{}"
        begun = ToolCallStarted(key=key, id=call.id or self._synthetic_id(key), name=call.name)
        return [begun, ToolCallDelta(key=key, arguments=arguments), PartEnded(key=key)]

    def _synthetic_id(self, position: int) -> str:
        """An id for a call whose provider gave none; unique in the conversation where the answer has an id."""
        return f"call_{self._response_id}_{position}" if self._response_id else f"call_{position}"


def _signature(written: str | None, *, of_thought: bool = False) -> list[Delta]:
    """A signature, as a thought of its own in front of the call that it belongs to, or at the end of its thought."""
    if not written:
        return []
    before: list[Delta] = [] if of_thought else [PartEnded()]
    signed = from_gemini(written)
    if isinstance(signed, RedactedThinking):
        return [*before, RedactedThinkingArrived(data=signed.data)]
    return [*before, SignatureDelta(signature=signed.signature or ""), PartEnded()]
