"""Answer body of Anthropic's messages format -> answer."""

from headgate.domain.conversation import Answer, AnswerPart, RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.translate.anthropic_messages import answer_shapes as shapes
from headgate.translate.anthropic_messages.request_shapes import RedactedThinkingBlock, ThinkingBlock, ToolUseBlock
from headgate.translate.anthropic_messages.stop_reasons import parse_stop_reason
from headgate.translate.decoding import decode, object_text
from headgate.translate.usage import anthropic_usage


def parse_answer(body: bytes) -> Answer:
    """Read a successful body.

    Raises:
        UntranslatableError: malformed, or with content that has no counterpart.
    """
    message = decode(body, shapes.MessageBody, "")
    return Answer(
        id=message.id or "",
        model=message.model or "",
        parts=tuple(part for i, block in enumerate(message.content) for part in _parts(block, f"content[{i}]")),
        stop_reason=parse_stop_reason(message.stop_reason) if message.stop_reason else StopReason.END_TURN,
        stop_sequence=message.stop_sequence,
        usage=anthropic_usage(message.usage),
    )


def _parts(block: shapes.Block, field: str) -> list[AnswerPart]:
    """One part, or none for a block that says nothing."""
    match block:
        case shapes.TextBlock(text=text):
            return [Text(text=text)] if text else []
        case ThinkingBlock(thinking=text, signature=signature):
            return [Thinking(text=text, signature=signature or None)] if text or signature else []
        case RedactedThinkingBlock(data=data):
            return [RedactedThinking(data=data)]
        case ToolUseBlock():
            arguments = object_text(block.input, f"{field}.input")
            return [ToolCall(id=block.id, name=block.name, arguments=arguments)]
