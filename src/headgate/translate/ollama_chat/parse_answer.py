"""Answer body of Ollama's chat format -> answer."""

from headgate.domain.conversation import Answer, AnswerPart, Text, Thinking, ToolCall
from headgate.domain.usage import Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import synthetic_id
from headgate.translate.counting import figure
from headgate.translate.decoding import decode, is_given, object_text
from headgate.translate.error_message import error_message
from headgate.translate.ollama_chat import answer_shapes as shapes
from headgate.translate.ollama_chat.stop_reasons import parse_stop_reason
from headgate.translate.ollama_chat.usage import ollama_usage


def parse_answer(body: bytes) -> Answer:
    """Read a successful body.

    Raises:
        UntranslatableError: malformed, or an error after all.
    """
    chat = decode(body, shapes.Chat, "")
    if is_given(chat.error):
        raise UntranslatableError("error", error_message(200, body))
    if chat.message is None:
        raise UntranslatableError("message", "is required")
    message = chat.message
    parts: list[AnswerPart] = []
    if message.thinking:
        parts.append(Thinking(text=message.thinking))
    if message.content:
        parts.append(Text(text=message.content))
    calls = [read_call(call, i, "message") for i, call in enumerate(message.tool_calls or ())]
    return Answer(
        model=chat.model or "",
        parts=(*parts, *calls),
        stop_reason=parse_stop_reason(chat.done_reason, has_calls=bool(calls)),
        usage=usage_of_chat(chat),
    )


def read_call(call: shapes.Call, position: int, field: str) -> ToolCall:
    """A call, whole as it always comes; `position` among all calls of the answer.

    Raises:
        UntranslatableError: it has no name, or its arguments are no object.
    """
    path = f"{field}.tool_calls.function"
    if call.function is None or not call.function.name:
        raise UntranslatableError(f"{path}.name", "is required")
    given = call.function.arguments
    arguments = object_text(given, f"{path}.arguments") if is_given(given) else ""
    return ToolCall(id=call.id or synthetic_id(position), name=call.function.name, arguments=arguments)


def usage_of_chat(chat: shapes.Chat) -> Usage | None:
    """What a body, or the last line, says was counted."""
    return ollama_usage({"prompt_eval_count": figure(chat.prompt_eval_count), "eval_count": figure(chat.eval_count)})
