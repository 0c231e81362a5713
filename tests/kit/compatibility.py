"""What of one format can be said in another, found out by saying it: the cells of docs/reference/compatibility.md.

A client's request is written in the format of a door, read there and written for the provider; the provider's answer,
whole and streamed, goes the way back. Nothing here knows what is to come out of it.
"""

import json
from typing import NamedTuple

import msgspec

from headgate.domain.conversation import (
    Answer,
    AnswerPart,
    Base64Source,
    Conversation,
    Delta,
    Finished,
    Image,
    JsonSchemaFormat,
    Message,
    PartEnded,
    Reasoning,
    Role,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolChoice,
    ToolChoiceKind,
    ToolResult,
    UsageReported,
)
from headgate.domain.fold import fold
from headgate.domain.formats import Format
from headgate.domain.usage import usage_of
from headgate.pipeline.doors import SPOKEN, TRANSLATABLE
from headgate.providers.table import PROVIDERS
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import codec_for, provider_codec_for
from tests.kit import natives

PASSES, TRANSLATED, LEFT_OUT, NOT_SHOWN = "passes", "translated", "left out", "not shown"

MODELS = {
    Format.OPENAI_CHAT: "gpt-5",
    Format.OPENAI_RESPONSES: "gpt-5",
    Format.ANTHROPIC_MESSAGES: "claude-sonnet-4-5",
    Format.GEMINI: "gemini-2.5-flash",
    Format.BEDROCK_CONVERSE: "anthropic.claude-sonnet-4-5-20250929-v1:0",
    Format.COHERE_CHAT: "command-a-reasoning-08-2025",
    Format.OLLAMA_CHAT: "qwen3:4b",
}
"""A model of each format that can do what can be asked there: one that thinks. Also what its clients name."""


class Feature(NamedTuple):
    """One thing to ask for."""

    asked: Conversation
    without: Conversation | None = None
    """The same without it: where both come out alike, it was left out."""
    answer: Answer = Answer(parts=(Text(text="Grüezi."),), stop_reason=StopReason.END_TURN)


def _user(*parts: Text | Image | ToolResult) -> Message:
    return Message(role=Role.USER, parts=parts)


_USAGE = usage_of(input=12, output=5)
_PLAIN = Conversation(system=(Text(text="Be brief."),), messages=(_user(Text(text="Hello")),), max_output_tokens=8_192)
_TOOL = Tool(
    name="look_up",
    description="Looks it up.",
    parameters='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
)
_CALL = ToolCall(id="call_1", name="look_up", arguments='{"city":"Zürich"}')
_USED = Conversation(
    messages=(
        _user(Text(text="Where?")),
        Message(role=Role.ASSISTANT, parts=(_CALL,)),
        _user(ToolResult(call_id="call_1", content=(Text(text="There."),)), Text(text="Please use the tool again.")),
    ),
    tools=(_TOOL,),
    max_output_tokens=8_192,
)
_SCHEMA = JsonSchemaFormat(
    schema='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}',
    name="place",
)
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_PICTURE = Image(source=Base64Source(media_type="image/png", data=_PIXEL))


def _with(conversation: Conversation, **changes: object) -> Conversation:
    return msgspec.structs.replace(conversation, **changes)


def _answered(*parts: AnswerPart, reason: StopReason = StopReason.END_TURN) -> Answer:
    return Answer(parts=parts, stop_reason=reason)


FEATURES: dict[str, Feature] = {
    "text": Feature(_PLAIN),
    "tools": Feature(_USED, answer=_answered(_CALL, reason=StopReason.TOOL_USE)),
    "tool choice": Feature(
        _with(_PLAIN, tools=(_TOOL,), tool_choice=ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        without=_with(_PLAIN, tools=(_TOOL,)),
        answer=_answered(_CALL, reason=StopReason.TOOL_USE),
    ),
    "images": Feature(_with(_PLAIN, messages=(_user(Text(text="What is it?"), _PICTURE),))),
    "thinking": Feature(
        _with(_PLAIN, reasoning=Reasoning(effort="high")),
        without=_PLAIN,
        answer=_answered(Thinking(text="Hm."), Text(text="Grüezi.")),
    ),
    "JSON schema": Feature(
        _with(_PLAIN, response_format=_SCHEMA),
        without=_PLAIN,
        answer=_answered(Text(text='{"city":"Zürich"}')),
    ),
    "streaming": Feature(_with(_PLAIN, stream=True, include_usage=True)),
    "usage": Feature(_PLAIN, answer=Answer(parts=(Text(text="Hi"),), stop_reason=StopReason.END_TURN, usage=_USAGE)),
}


def doors() -> list[Format]:
    """Formats of doors, in the order of the enumeration."""
    return [format_ for format_ in Format if format_ in TRANSLATABLE]


def provider_formats() -> list[Format]:
    """Formats that may be spoken to a provider."""
    return [format_ for format_ in Format if format_ in SPOKEN]


def simulated() -> list[Format]:
    """Those of them that the simulator speaks."""
    return [format_ for format_ in provider_formats() if format_ in PROVIDERS["sim"].paths]


def verdict(door: Format, provider: Format, feature: str) -> str:
    """What becomes of a feature that is asked for at a door and answered by a provider."""
    if door is provider:
        return PASSES
    wanted = FEATURES[feature]
    try:
        sent = said_to(provider, at_the_door(door, wanted.asked))
    except UntranslatableError as error:
        return f"refused: `{error.field}`"
    if wanted.without is not None and sent == said_to(provider, at_the_door(door, wanted.without)):
        return LEFT_OUT
    return TRANSLATED if all(is_shown(door, provider, wanted.answer)) else NOT_SHOWN


def at_the_door(door: Format, conversation: Conversation) -> Conversation:
    """A request as a client of the door writes it, read there. Whether it streams may stand in its path."""
    codec = codec_for(door)
    body = codec.render_request(conversation, model=MODELS.get(door, "some-model"), default_max_tokens=8_192)
    read = codec.parse_request(msgspec.json.decode(body, type=dict[str, msgspec.Raw]))
    return msgspec.structs.replace(read, stream=conversation.stream, include_usage=conversation.include_usage)


def said_to(provider: Format, conversation: Conversation) -> bytes:
    """What the provider is sent."""
    model = MODELS.get(provider, "some-model")
    return provider_codec_for(provider).render_request(conversation, model=model, default_max_tokens=8_192)


def is_shown(door: Format, provider: Format, answer: Answer) -> tuple[bool, bool]:
    """Whether a client of the door sees all of a provider's answer: (whole, streamed)."""
    body, stream = _written(provider, answer)
    reader, codec = provider_codec_for(provider), codec_for(door)
    shown = codec.parse_answer(codec.render_answer(reader.parse_answer(body), created=1))
    parser, renderer = reader.answer_parser(), codec.answer_renderer(created=1, include_usage=True)
    deltas = [*parser.feed(stream), *parser.finish()]
    given = b"".join([*map(renderer.feed, deltas), renderer.finish()])
    client = codec.answer_parser()
    streamed = fold([*client.feed(given), *client.finish()])
    return _said(answer) == _said(shown), _said(answer) == _said(streamed)


def _written(provider: Format, answer: Answer) -> natives.Written:
    if provider in natives.NATIVES:
        return natives.written(provider, answer)
    codec = codec_for(provider)
    renderer = codec.answer_renderer(created=1, include_usage=True)
    stream = b"".join([*map(renderer.feed, _deltas(answer)), renderer.finish()])
    return natives.Written(codec.render_answer(answer, created=1), stream)


def _deltas(answer: Answer) -> list[Delta]:
    deltas: list[Delta] = [Started(id="a", model="m")]
    for key, part in enumerate(answer.parts):
        match part:
            case Thinking(text=text):
                deltas += [ThinkingDelta(text=text), PartEnded()]
            case Text(text=text):
                deltas += [TextDelta(text=text), PartEnded()]
            case ToolCall():
                begun = ToolCallStarted(key=key, id=part.id, name=part.name)
                deltas += [begun, ToolCallDelta(key=key, arguments=part.arguments), PartEnded(key=key)]
            case _:
                raise AssertionError(part)
    deltas += [UsageReported(usage=answer.usage)] if answer.usage is not None else []
    return [*deltas, Finished(stop_reason=answer.stop_reason or StopReason.END_TURN)]


def _said(answer: Answer) -> tuple[object, ...]:
    usage = answer.usage
    return (
        "".join(part.text for part in answer.parts if isinstance(part, Text)),
        "".join(part.text for part in answer.parts if isinstance(part, Thinking)),
        [(part.name, json.loads(part.arguments)) for part in answer.parts if isinstance(part, ToolCall)],
        answer.stop_reason,
        None if usage is None or not usage.total_tokens else (usage.prompt_tokens, usage.completion_tokens),
    )
