"""Recorded exchanges of Bedrock's Converse, read by other means than ours: AWS's own parser of frames, and dicts."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.eventstream import EventStreamBuffer

from headgate.domain.conversation import (
    Base64Source,
    CacheHint,
    Conversation,
    Document,
    Image,
    JsonSchemaFormat,
    Message,
    Part,
    Reasoning,
    RedactedThinking,
    Role,
    Text,
    TextSource,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolChoiceKind,
    ToolResult,
)
from headgate.translate.codec import UntranslatableError
from tests.kit.converse import frame
from tests.kit.reading import Seen, arguments

PLAIN: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
_STOPS = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_FOREIGN = {
    "guardContent": "guardrails exist in this format only",
    "citationsContent": "the echo of an answer with citations exists in this format only",
    "video": "no other format shows videos",
    "s3Location": "files that lie at the provider exist in its own format only",
}


def frames_of(exchange: Mapping[str, Any]) -> bytes:
    """The recorded frames; where only their content was kept, frames with that content."""
    if raw := exchange.get("response_eventstream_b64"):
        return base64.b64decode(raw)
    return b"".join(frame(event["type"], **event["payload"]) for event in exchange["response_events"])


def events_of(body: bytes) -> list[tuple[str, Any]]:
    """The kind and the content of every frame."""
    buffer = EventStreamBuffer()
    buffer.add_data(body)
    return [(message.headers[":event-type"], json.loads(message.payload)) for message in buffer]


def read_converse(body: bytes, *, streamed: bool) -> Seen:
    """An answer in Converse's format."""
    document = _folded(events_of(body)) if streamed else json.loads(body)
    texts: list[str] = []
    tools: list[tuple[str, Any]] = []
    for block in document["output"]["message"]["content"]:
        texts.append(block.get("text") or "")
        texts += [piece["text"] for piece in block.get("citationsContent", {}).get("content", ())]
        if call := block.get("toolUse"):
            tools.append((call["name"], call["input"]))
    usage = document.get("usage") or {}
    cached = sum(usage.get(f"cache{kind}InputTokens", 0) for kind in ("Read", "Write"))
    counted = bool(usage.get("totalTokens"))
    return Seen(
        "".join(texts),
        tools,
        _STOPS.get(document["stopReason"], "stop"),
        usage["inputTokens"] + cached if counted else None,
        usage["outputTokens"] if counted else None,
    )


def _folded(events: list[tuple[str, Any]]) -> dict[str, Any]:
    blocks: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for kind, payload in events:
        if kind in {"contentBlockStart", "contentBlockDelta"}:
            block = blocks.setdefault(payload["contentBlockIndex"], {})
            block |= {"toolUse": {**call, "input": ""}} if (call := payload.get("start", {}).get("toolUse")) else {}
            delta = payload.get("delta", {})
            block["text"] = block.get("text", "") + delta.get("text", "")
            if "toolUse" in delta:
                block["toolUse"]["input"] += delta["toolUse"]["input"]
        else:
            whole |= payload
    for block in blocks.values():
        if call := block.get("toolUse"):
            call["input"] = arguments(call["input"])
    return {**whole, "output": {"message": {"content": list(blocks.values())}}}


def asked_converse(request: Mapping[str, Any]) -> Conversation:
    """A recorded request as a conversation.

    Raises:
        UntranslatableError: it has what no door can ask for.
    """
    config, inference = request.get("toolConfig") or {}, request.get("inferenceConfig") or {}
    more = request.get("additionalModelRequestFields") or {}
    shape = (request.get("outputConfig") or {}).get("textFormat")
    return Conversation(
        model=request.get("model"),
        system=tuple(part for part in _parts(request.get("system") or (), "system") if isinstance(part, Text)),
        messages=tuple(
            Message(role=Role(message["role"]), parts=tuple(_parts(message["content"], "messages")))
            for message in request["messages"]
        ),
        tools=_tools(config),
        tool_choice=_choice(config.get("toolChoice")),
        max_output_tokens=inference.get("maxTokens"),
        temperature=inference.get("temperature"),
        top_p=inference.get("topP"),
        top_k=more.get("top_k") or (more.get("inferenceConfig") or {}).get("topK"),
        stop_sequences=tuple(inference.get("stopSequences") or ()),
        response_format=JsonSchemaFormat(**shape["structure"]["jsonSchema"]) if shape else None,
        reasoning=_reasoning(more),
    )


def _tools(config: Mapping[str, Any]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for tool in config.get("tools") or ():
        if "systemTool" in tool:
            raise UntranslatableError("tools", "is run by its provider")
        if (spec := tool.get("toolSpec")) is None:
            tools[-1] = msgspec.structs.replace(tools[-1], cache=CacheHint(tool["cachePoint"].get("ttl", "5m")))
            continue
        tools.append(
            Tool(
                name=spec["name"],
                description=spec.get("description"),
                parameters=json.dumps(spec["inputSchema"]["json"]),
                strict=spec.get("strict"),
            )
        )
    return tuple(tools)


def _choice(given: Mapping[str, Any] | None) -> ToolChoice | None:
    if given is None:
        return None
    if "tool" in given:
        return ToolChoice(kind=ToolChoiceKind.NAMED, name=given["tool"]["name"])
    return ToolChoice(kind=ToolChoiceKind.REQUIRED if "any" in given else ToolChoiceKind.AUTO)


def _reasoning(more: Mapping[str, Any]) -> Reasoning | None:
    thinking = more.get("thinking")
    effort = (more.get("output_config") or {}).get("effort")
    effort = effort or more.get("reasoning_effort") or more.get("reasoning_config")
    if thinking is None:
        return Reasoning(effort=effort) if effort else None
    return Reasoning(enabled=True, effort=effort, budget_tokens=thinking.get("budget_tokens"))


def _parts(blocks: Any, field: str) -> list[Part]:
    parts: list[Part] = []
    for block in blocks:
        for kind, value in block.items():
            if kind in _FOREIGN:
                raise UntranslatableError(field, _FOREIGN[kind])
            if kind == "cachePoint":
                if parts:
                    parts[-1] = _cached(parts[-1], value)
            else:
                parts.append(_part(kind, value, field))
    return parts


def _cached(part: Part, point: Mapping[str, Any]) -> Part:
    return msgspec.structs.replace(part, cache=CacheHint(point.get("ttl", "5m"))) if hasattr(part, "cache") else part


def _part(kind: str, value: Any, field: str) -> Part:
    match kind:
        case "text":
            return Text(text=value)
        case "json":
            return Text(text=json.dumps(value))
        case "image":
            return Image(source=_source(value, f"image/{value['format']}", field))
        case "document":
            return _document(value, field)
        case "toolUse":
            return ToolCall(id=value["toolUseId"], name=value["name"], arguments=json.dumps(value["input"]))
        case "toolResult":
            content = tuple(
                part for part in _parts(value["content"], field) if isinstance(part, Text | Image | Document)
            )
            return ToolResult(call_id=value["toolUseId"], content=content, is_error=value.get("status") == "error")
        case "reasoningContent" if "redactedContent" in value:
            return RedactedThinking(data=base64.b64decode(value["redactedContent"]).decode())
        case "reasoningContent":
            thought = value["reasoningText"]
            return Thinking(text=thought["text"], signature=thought.get("signature"))
    raise UntranslatableError(field, f"nothing is known of {kind}")


def written(data: str | Mapping[str, Any]) -> str:
    """Bytes as they travel; an SDK's object lists them."""
    return data if isinstance(data, str) else base64.b64encode(bytes(data["data"])).decode()


def _source(value: Mapping[str, Any], media_type: str, field: str) -> Base64Source:
    if "s3Location" in value["source"]:
        raise UntranslatableError(field, _FOREIGN["s3Location"])
    return Base64Source(media_type=media_type, data=written(value["source"]["bytes"]))


def _document(value: Mapping[str, Any], field: str) -> Document:
    if value.get("citations", {}).get("enabled"):
        raise UntranslatableError(field, "documents with citations exist in this format only")
    source = value["source"]
    if "content" in source:
        return Document(
            source=TextSource(text="".join(block["text"] for block in source["content"])), title=value["name"]
        )
    if "text" in source:
        return Document(source=TextSource(text=source["text"]), title=value["name"])
    return Document(source=_source(value, _MEDIA_TYPES[value["format"]], field), title=value["name"])
