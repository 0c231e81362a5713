"""Reads recorded answers of Gemini's format without the code under test."""

import json
from typing import Any

from tests.kit.reading import Seen, events

_LENGTH = {"MAX_TOKENS", 2}
_FILTERED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", 3, 4}
_FAILED = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER"}


def read_gemini(body: bytes, *, streamed: bool) -> Seen:
    """An answer in Gemini's format; a stream is events, or one array."""
    documents: list[dict[str, Any]] = gemini_documents(body) if streamed else [json.loads(body)]
    texts: list[str] = []
    tools: list[tuple[str, Any]] = []
    stop: Any = None
    usage: dict[str, Any] = {}
    for document in documents:
        figures = document.get("usageMetadata") or {}
        usage = figures if any("TokenCount" in name for name in figures) else usage
        if (document.get("promptFeedback") or {}).get("blockReason"):
            stop = "SAFETY"
        for candidate in document.get("candidates") or []:
            stop = candidate.get("finishReason") or stop
            for part in (candidate.get("content") or {}).get("parts") or []:
                texts.append("" if part.get("thought") else part.get("text") or "")
                if call := part.get("functionCall"):
                    tools.append((call["name"], call.get("args") or {}))
    prompt, completion = _counts(usage)
    return Seen("".join(texts), tools, _stop(stop, called=bool(tools)), prompt, completion)


def gemini_documents(body: bytes) -> list[dict[str, Any]]:
    """What a stream consists of, however it is framed."""
    if body.lstrip().startswith(b"["):
        array: list[dict[str, Any]] = json.loads(body)
        return array
    return events(body)


def _stop(reason: Any, *, called: bool) -> str | None:
    if reason in _LENGTH:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    if reason in _FAILED:
        return "failed"
    return "tool_calls" if called else "stop" if reason else None


def _counts(usage: dict[str, Any]) -> tuple[int | None, int | None]:
    """The prompt with what the provider's tools read, the candidates with the thoughts; nothing where one is missing."""
    if usage.get("promptTokenCount") is None:
        return None, None
    prompt = usage["promptTokenCount"] + (usage.get("toolUsePromptTokenCount") or 0)
    return prompt, (usage.get("candidatesTokenCount") or 0) + (usage.get("thoughtsTokenCount") or 0)
