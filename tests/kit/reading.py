"""Reads recorded answers without the code under test: what a client would take away from them."""

import json
from typing import Any, NamedTuple


class Seen(NamedTuple):
    """What matters of an answer, whatever its format."""

    text: str
    tools: list[tuple[str, Any]]
    """Name and parsed arguments, in order."""
    stop: str | None
    """In OpenAI's words."""
    prompt_tokens: int | None
    completion_tokens: int | None
    refused: bool = False
    """The text stands where a refusal has a place of its own; formats that have none show it by their stop reason."""


_STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "model_context_window_exceeded": "length",
    "function_call": "tool_calls",
    "eos_token": "stop",
    "eos": "stop",
    "completed": "stop",
    "complete": "stop",
    "incomplete": "length",
    "max_output_tokens": "length",
}


def events(body: bytes) -> list[dict[str, Any]]:
    """The JSON documents of an event stream."""
    found = []
    for block in body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = b"\n".join(line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:"))
        if data and data.strip() != b"[DONE]":
            found.append(json.loads(data))
    return found


def arguments(text: str) -> Any:
    """Tool arguments as a value; broken ones as they are."""
    try:
        return json.loads(text) if text else {}
    except json.JSONDecodeError:
        return text


def read_chat(body: bytes, *, streamed: bool) -> Seen:
    """An answer in OpenAI's chat format."""
    documents = events(body) if streamed else [json.loads(body)]
    texts: list[str] = []
    calls: dict[Any, list[Any]] = {}
    stop = usage = None
    refused = False
    for document in documents:
        usage = document.get("usage") or usage
        for choice in document.get("choices") or []:
            if choice.get("index", 0) != 0:
                continue
            message = choice.get("delta" if streamed else "message") or {}
            content = message.get("content") or message.get("refusal")
            texts.append(_plain(content))
            refused = refused or bool(message.get("refusal"))
            stop = choice.get("finish_reason") or stop
            for position, call in enumerate(message.get("tool_calls") or []):
                _add_call(calls, call, position)
            if old := message.get("function_call"):
                _add_call(calls, {"function": old}, 0)
    prompt, completion = (usage.get("prompt_tokens"), usage.get("completion_tokens")) if usage else (None, None)
    # Reasoning that is counted in the total only, or beside the completion (Gemini's OpenAI route, xAI).
    if usage and prompt is not None and (usage.get("total_tokens") or 0) > prompt + (completion or 0):
        completion = usage["total_tokens"] - prompt
    return Seen(
        "".join(texts),
        [(name, arguments(text)) for name, text in calls.values() if name],
        _STOPS.get(stop or "", stop),
        prompt,
        completion,
        refused,
    )


def _add_call(calls: dict[Any, list[Any]], call: dict[str, Any], position: int) -> None:
    function = call.get("function") or {}
    key = call.get("index", position)
    if call.get("id") and key in calls and function.get("name"):
        key = (key, call["id"])
    known = calls.setdefault(key, ["", ""])
    known[0] = known[0] or function.get("name") or ""
    given = function.get("arguments")
    known[1] += given if isinstance(given, str) else json.dumps(given) if given is not None else ""


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if part.get("type") == "text")
    return content or ""


def read_messages(body: bytes, *, streamed: bool) -> Seen:
    """An answer in Anthropic's format."""
    message = _fold_messages(events(body)) if streamed else json.loads(body)
    usage = message.get("usage") or {}
    prompt = sum(usage.get(name) or 0 for name in _PROMPT_FIELDS)
    return Seen(
        "".join(block.get("text", "") for block in message.get("content", []) if block["type"] == "text"),
        [(block["name"], block["input"]) for block in message.get("content", []) if block["type"] == "tool_use"],
        _STOPS.get(message.get("stop_reason") or "", message.get("stop_reason")),
        prompt if usage else None,
        usage.get("output_tokens"),
    )


_PROMPT_FIELDS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def _fold_messages(documents: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    partial: dict[int, str] = {}
    for event in documents:
        if event["type"] == "message_start":
            message = event["message"]
            message["content"] = []
        elif event["type"] == "content_block_start":
            message["content"].append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            delta, block = event["delta"], message["content"][event["index"]]
            if delta["type"] == "text_delta":
                block["text"] = block.get("text", "") + delta["text"]
            elif delta["type"] == "input_json_delta":
                partial[event["index"]] = partial.get(event["index"], "") + delta["partial_json"]
        elif event["type"] == "message_delta":
            message["stop_reason"] = event["delta"].get("stop_reason") or message.get("stop_reason")
            given = {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
            message["usage"] = {**(message.get("usage") or {}), **given}
    for index, text in partial.items():
        message["content"][index]["input"] = arguments(text)
    return message


def read_responses(body: bytes, *, streamed: bool) -> Seen:
    """An answer in OpenAI's Responses format."""
    response = _last_response(events(body)) if streamed else json.loads(body)
    items = response.get("output") or []
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    tools = [(item["name"], arguments(item["arguments"])) for item in items if item["type"] == "function_call"]
    missing = (response.get("incomplete_details") or {}).get("reason")
    stop = missing or response.get("status") or "completed"
    usage = response.get("usage") or {}
    refused = any(part.get("refusal") for part in parts)
    stop = _STOPS.get(stop, stop)
    if stop == "stop":
        stop = "tool_calls" if tools else "content_filter" if refused else "stop"
    return Seen(
        "".join(part.get("text") or part.get("refusal") or "" for part in parts),
        tools,
        stop,
        usage.get("input_tokens"),
        usage.get("output_tokens"),
        refused,
    )


def _last_response(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """What the last event says, which must be what was streamed. (Some say there nothing of it again.)"""
    response: dict[str, Any] = documents[-1]["response"]
    if not response["output"]:
        done = [event for event in documents if event["type"] == "response.output_item.done"]
        response["output"] = [event["item"] for event in sorted(done, key=lambda event: event["output_index"])]
    streamed: dict[int, str] = {}
    for event in documents:
        if event["type"] in {"response.output_text.delta", "response.function_call_arguments.delta"}:
            streamed[event["output_index"]] = streamed.get(event["output_index"], "") + event["delta"]
    for index, text in streamed.items():
        item = response["output"][index]
        told = item["arguments"] if "arguments" in item else "".join(part["text"] for part in item["content"])
        assert told == text, f"output[{index}] says {told!r:.200}, streamed was {text!r:.200}"
    return response
