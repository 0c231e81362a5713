"""Answer body of Cohere's chat format -> answer."""

from headgate.domain.conversation import Answer, AnswerPart, StopReason, Text, Thinking, ToolCall
from headgate.translate.codec import UntranslatableError
from headgate.translate.cohere_chat import answer_shapes as shapes
from headgate.translate.cohere_chat.stop_reasons import FAILED, parse_stop_reason
from headgate.translate.cohere_chat.usage import cohere_usage
from headgate.translate.content import synthetic_id
from headgate.translate.decoding import decode

NO_ARGUMENTS = "null"
"""What is written for a call without arguments."""


def parse_answer(body: bytes) -> Answer:
    """Read a successful body. It does not name its model.

    Raises:
        UntranslatableError: malformed, failed half-way, or with content that has no counterpart.
    """
    chat = decode(body, shapes.Chat, "")
    if chat.message is None:
        raise UntranslatableError("message", "is required")
    if chat.finish_reason in FAILED:
        raise UntranslatableError("finish_reason", "the provider failed before the answer was whole")
    calls = tuple(_call(call, i) for i, call in enumerate(chat.message.tool_calls or ()))
    reason = parse_stop_reason(chat.finish_reason, has_calls=bool(calls)) if chat.finish_reason else None
    return Answer(
        id=chat.id or "",
        parts=(*_content(chat.message), *calls),
        stop_reason=reason or (StopReason.TOOL_USE if calls else StopReason.END_TURN),
        usage=cohere_usage(chat.usage),
    )


def _content(message: shapes.Message) -> list[AnswerPart]:
    thoughts: list[AnswerPart] = []
    texts: list[AnswerPart] = []
    for item in message.content or ():
        match item:
            case shapes.ThinkingItem(thinking=thinking):
                thoughts += [Thinking(text=thinking)] if thinking else []
            case shapes.TextItem(text=text):
                texts += [Text(text=text)] if text else []
    plan: list[AnswerPart] = [Text(text=message.tool_plan)] if message.tool_plan else []
    return [*thoughts, *plan, *texts]


def _call(call: shapes.Call, position: int) -> ToolCall:
    function = call.function
    if function is None or not function.name:
        raise UntranslatableError(f"message.tool_calls[{position}].function.name", "is required")
    arguments = function.arguments or ""
    return ToolCall(
        id=call.id or synthetic_id(position),
        name=function.name,
        arguments="" if arguments.strip() == NO_ARGUMENTS else arguments,
    )
