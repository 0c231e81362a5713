"""Recorded exchanges of formats without a door, read by other means than ours: what was asked, what was answered."""

import json
from collections.abc import Mapping
from typing import Any

from headgate.domain.conversation import (
    Base64Source,
    Conversation,
    Image,
    JsonFormat,
    JsonSchemaFormat,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolChoiceKind,
    ToolResult,
    UrlSource,
)
from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from tests.kit import recorded_converse
from tests.kit.reading import Seen, arguments, events

NATIVE_FILES = {
    Format.BEDROCK_CONVERSE: ["bedrock.converse"],
    Format.COHERE_CHAT: ["cohere.v2_chat"],
    Format.OLLAMA_CHAT: ["ollama.api_chat"],
    Format.TGI_GENERATE: ["tgi.generate", "huggingface.text_generation"],
}
PLAIN: dict[Format, dict[str, Any]] = {
    Format.BEDROCK_CONVERSE: recorded_converse.PLAIN,
    Format.COHERE_CHAT: {"messages": [{"role": "user", "content": "Hello"}]},
    Format.OLLAMA_CHAT: {"messages": [{"role": "user", "content": "Hello"}]},
    Format.TGI_GENERATE: {"inputs": "Hello"},
}
"""A request that fits an answer whose own was not kept."""
_COHERE_STOPS = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}
_TGI_STOPS = {"eos_token": "stop", "stop_sequence": "stop", "length": "length"}


def asked(format_: Format, request: Mapping[str, Any]) -> Conversation:
    """A recorded request as a conversation.

    Raises:
        UntranslatableError: it has what no door can ask for.
    """
    readers = {
        Format.BEDROCK_CONVERSE: recorded_converse.asked_converse,
        Format.COHERE_CHAT: _cohere,
        Format.OLLAMA_CHAT: _ollama,
        Format.TGI_GENERATE: _tgi,
    }
    return readers[format_](request)


def _cohere(request: Mapping[str, Any]) -> Conversation:
    if request.get("documents"):
        raise UntranslatableError("documents", "stand beside the conversation in this format only")
    shape, choice = request.get("response_format"), request.get("tool_choice")
    return _conversation(
        request,
        [_cohere_message(message) for message in request["messages"]],
        max_output_tokens=request.get("max_tokens"),
        temperature=request.get("temperature"),
        top_p=request.get("p"),
        top_k=request.get("k"),
        stop_sequences=tuple(request.get("stop_sequences") or ()),
        tool_choice=ToolChoice(kind=ToolChoiceKind(choice.lower())) if choice else None,
        response_format=JsonFormat() if shape else None,
    )


def _cohere_message(message: Mapping[str, Any]) -> Message:
    content = message.get("content") or []
    items = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if message["role"] == "tool":
        texts = tuple(Text(text=_cohere_text(item)) for item in items)
        return Message(role=Role.USER, parts=(ToolResult(call_id=message["tool_call_id"], content=texts),))
    parts: list[Part] = [_cohere_part(item) for item in items]
    if message.get("tool_plan"):
        parts.append(Text(text=message["tool_plan"]))
    for call in message.get("tool_calls") or ():
        function = call["function"]
        parts.append(ToolCall(id=call["id"], name=function["name"], arguments=function["arguments"]))
    return Message(role=Role(message["role"]), parts=tuple(parts))


def _cohere_text(item: Mapping[str, Any]) -> str:
    return item["text"] if item["type"] == "text" else json.dumps(item["document"]["data"])


def _cohere_part(item: Mapping[str, Any]) -> Part:
    if item["type"] == "image_url":
        return Image(source=_source(item["image_url"]["url"]), detail=item["image_url"].get("detail"))
    return Thinking(text=item["thinking"]) if item["type"] == "thinking" else Text(text=item["text"])


def _source(url: str) -> Base64Source | UrlSource:
    if not url.startswith("data:"):
        return UrlSource(url=url)
    head, _, data = url.partition(";base64,")
    return Base64Source(media_type=head.removeprefix("data:"), data=data)


def _ollama(request: Mapping[str, Any]) -> Conversation:
    options, shape, think = request.get("options") or {}, request.get("format"), request.get("think")
    schema = JsonSchemaFormat(schema=json.dumps(shape)) if isinstance(shape, dict) else None
    return _conversation(
        request,
        _ollama_messages(request["messages"]),
        max_output_tokens=options.get("num_predict"),
        temperature=options.get("temperature"),
        response_format=schema or (JsonFormat() if shape else None),
        reasoning=None if think is None else Reasoning(enabled=think),
    )


def _ollama_messages(given: list[dict[str, Any]]) -> list[Message]:
    """Calls have no ids there: results follow in the order of the calls."""
    messages: list[Message] = []
    waiting: list[str] = []
    for message in given:
        if message["role"] == "tool":
            result = ToolResult(call_id=waiting.pop(0), content=(Text(text=message["content"]),))
            messages.append(Message(role=Role.USER, parts=(result,)))
            continue
        parts: list[Part] = [Thinking(text=message["thinking"])] if message.get("thinking") else []
        parts += [Text(text=message["content"])] if message["content"] else []
        for call in message.get("tool_calls") or ():
            waiting.append(f"call_{len(messages)}_{len(waiting)}")
            written = json.dumps(call["function"]["arguments"])
            parts.append(ToolCall(id=waiting[-1], name=call["function"]["name"], arguments=written))
        messages.append(Message(role=Role(message["role"]), parts=tuple(parts)))
    return messages


def _tgi(request: Mapping[str, Any]) -> Conversation:
    knobs = request.get("parameters") or {}
    return _conversation(
        request,
        [Message(role=Role.USER, parts=(Text(text=request["inputs"]),))],
        max_output_tokens=knobs.get("max_new_tokens"),
        temperature=knobs.get("temperature"),
        top_p=knobs.get("top_p"),
    )


def _conversation(request: Mapping[str, Any], messages: list[Message], **fields: Any) -> Conversation:
    leading = [message for message in messages[:1] if message.role is Role.SYSTEM]
    system = tuple(part for message in leading for part in message.parts if isinstance(part, Text))
    tools = tuple(
        Tool(
            name=tool["function"]["name"],
            description=tool["function"].get("description"),
            parameters=json.dumps(tool["function"]["parameters"]),
        )
        for tool in request.get("tools") or ()
    )
    return Conversation(
        model=request.get("model"), system=system, messages=tuple(messages[len(leading) :]), tools=tools, **fields
    )


def read_cohere(body: bytes, *, streamed: bool) -> Seen:
    """An answer in Cohere's format: text, and before calls the plan."""
    documents = events(body) if streamed else [json.loads(body)]
    texts: list[str] = []
    calls: dict[int, list[str]] = {}
    end: dict[str, Any] = {}
    for document in documents:
        message = (document.get("delta") or {}).get("message") or {} if streamed else document["message"]
        content, called = message.get("content") or {}, message.get("tool_calls") or {}
        items = content if isinstance(content, list) else [content]
        texts += [message.get("tool_plan") or "", *(item.get("text", "") for item in items)]
        for place, call in enumerate(called if isinstance(called, list) else [called] if called else []):
            known = calls.setdefault(document.get("index", place), ["", ""])
            known[0] += call["function"].get("name") or ""
            known[1] += call["function"].get("arguments") or ""
        end = document["delta"] if document.get("type") == "message-end" else document if not streamed else end
    billed = (end.get("usage") or {}).get("billed_units") or {}
    tools = [(name, arguments("" if text == "null" else text)) for name, text in calls.values()]
    stop = _COHERE_STOPS.get(end.get("finish_reason") or "", "stop")
    return Seen("".join(texts), tools, stop, billed.get("input_tokens"), billed.get("output_tokens"))


def read_ollama(body: bytes, *, streamed: bool) -> Seen:
    """An answer in Ollama's format."""
    documents = [json.loads(line) for line in body.splitlines() if line.strip()] if streamed else [json.loads(body)]
    messages = [document["message"] for document in documents]
    calls = [call["function"] for message in messages for call in message.get("tool_calls") or ()]
    last = documents[-1]
    counts = (last.get("prompt_eval_count"), last.get("eval_count"))
    stop = "length" if last.get("done_reason") == "length" else "tool_calls" if calls else "stop"
    text = "".join(message.get("content", "") for message in messages)
    tools = [(call["name"], call["arguments"]) for call in calls]
    return Seen(text, tools, stop, *(counts if None not in counts else (None, None)))


def read_tgi(body: bytes, *, streamed: bool) -> Seen:
    """An answer of TGI: what was read is only known where the prompt's tokens are listed."""
    assert not streamed, "no stream was recorded"
    document = json.loads(body)
    generation = document[0] if isinstance(document, list) else document
    details = generation["details"]
    prompt = len(details["prefill"]) if len(details["prefill"]) > 1 else None
    written = details["generated_tokens"] if prompt else None
    return Seen(generation["generated_text"], [], _TGI_STOPS[details["finish_reason"]], prompt, written)


READERS = {
    Format.BEDROCK_CONVERSE: recorded_converse.read_converse,
    Format.COHERE_CHAT: read_cohere,
    Format.OLLAMA_CHAT: read_ollama,
    Format.TGI_GENERATE: read_tgi,
}
