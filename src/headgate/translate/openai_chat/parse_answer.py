"""Answer body of OpenAI's chat completions format -> answer."""

from typing import Final

from headgate.domain.conversation import Answer, AnswerPart, StopReason, Text, Thinking, ToolCall
from headgate.providers.provider import UsageQuirk
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import synthetic_id
from headgate.translate.decoding import decode, is_given
from headgate.translate.openai_chat import answer_shapes as shapes
from headgate.translate.openai_chat.parse_messages import arguments_text, thinking_parts, thought
from headgate.translate.openai_chat.request_shapes import RefusalPart, ThinkingPart
from headgate.translate.openai_chat.stop_reasons import FAILED, parse_stop_reason
from headgate.translate.usage import openai_chat_usage

_FOREIGN: Final = "has no counterpart in the client's format"


def parse_answer(body: bytes, quirks: frozenset[UsageQuirk]) -> Answer:
    """Read a successful body.

    Raises:
        UntranslatableError: malformed, or with content that has no counterpart.
    """
    completion = decode(body, shapes.Completion, "")
    choices = completion.choices or []
    if len(choices) != 1:
        raise UntranslatableError("choices", f"exactly one is translated, not {len(choices)}")
    message = choices[0].message
    if message is None and choices[0].finish_reason is None:
        raise UntranslatableError("choices[0].message", "is required")
    message = message or shapes.Content()  # Azure leaves it out where its filter took the answer away.
    parts = _parts(message, "choices[0].message")
    return Answer(
        id=completion.id or "",
        model=completion.model or "",
        parts=parts,
        stop_reason=_stop_reason(choices[0], message, parts),
        usage=openai_chat_usage(completion.usage, quirks),
    )


def refuse_foreign_content(content: shapes.Content, field: str) -> None:
    """Sound and pictures that a model made have no counterpart.

    Raises:
        UntranslatableError: naming the field.
    """
    audio = content.audio
    if audio is not None and (audio.id or audio.data or audio.transcript):
        raise UntranslatableError(f"{field}.audio", _FOREIGN)
    if is_given(content.images) and bytes(content.images).strip() != b"[]":
        raise UntranslatableError(f"{field}.images", _FOREIGN)


def _stop_reason(choice: shapes.Choice, message: shapes.Content, parts: tuple[AnswerPart, ...]) -> StopReason | None:
    if choice.finish_reason in FAILED:
        raise UntranslatableError("choices[0].finish_reason", "the provider failed before the answer was whole")
    has_calls = any(isinstance(part, ToolCall) for part in parts)
    return parse_stop_reason(choice.finish_reason or "stop", has_calls=has_calls, refused=bool(message.refusal))


def _parts(message: shapes.Content, field: str) -> tuple[AnswerPart, ...]:
    refuse_foreign_content(message, field)
    parts: list[AnswerPart] = [
        *thinking_parts(message.reasoning_details, message.reasoning_content or message.reasoning),
        *content_parts(message.content),
    ]
    if message.refusal:
        parts.append(Text(text=message.refusal))
    for i, call in enumerate(message.tool_calls or ()):
        parts.append(_call(call, f"{field}.tool_calls[{i}]"))
    if message.function_call is not None and message.function_call.name:
        parts.append(_legacy_call(message.function_call, f"{field}.function_call"))
    return tuple(parts)


def content_parts(content: str | list[shapes.ContentPart] | None) -> list[Text | Thinking]:
    """Text and thinking out of `content`; empty pieces are nothing."""
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    parts: list[Text | Thinking] = []
    for part in content or ():
        match part:
            case shapes.TextPart(text=text) | RefusalPart(refusal=text):
                parts += [Text(text=text)] if text else []
            case ThinkingPart():
                text = thought(part.thinking)
                parts += [Thinking(text=text, signature=part.signature or None)] if text else []
    return parts


def _call(call: shapes.Call, field: str) -> ToolCall:
    function = call.function
    if function is None or function.name is None:
        raise UntranslatableError(f"{field}.function", f"{call.type or 'this'} call has no counterpart")
    arguments = arguments_text(function.arguments, f"{field}.function.arguments")
    return ToolCall(id=call.id or synthetic_id(call.index or 0), name=function.name, arguments=arguments)


def _legacy_call(function: shapes.CalledFunction, field: str) -> ToolCall:
    arguments = arguments_text(function.arguments, f"{field}.arguments")
    return ToolCall(id=synthetic_id(0), name=function.name or "", arguments=arguments)
