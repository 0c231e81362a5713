"""The recorded exchanges beside the repository; absent on a machine that has only the repository."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("HEADGATE_SHARED") or ROOT.parent / "shared") / "recordings"

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no recordings: ../shared is absent and HEADGATE_SHARED names no folder that has them"
)


def exchanges(name: str) -> Iterator[dict[str, Any]]:
    """The exchanges of one file, for example `openai.chat`."""
    with (FOLDER / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def chat_files() -> list[str]:
    """Files of OpenAI-format chat exchanges."""
    names = [path.stem for path in FOLDER.glob("*.jsonl")]
    return sorted(name for name in names if name.endswith((".chat", ".openai_chat")))


def responses_files() -> list[str]:
    """Files of OpenAI Responses exchanges."""
    return sorted(path.stem for path in FOLDER.glob("*.responses.jsonl"))


MESSAGES_FILES = [
    "anthropic.messages",
    "ollama.anthropic_messages",
    "openrouter.messages",
    "vertex_anthropic.rawPredict",
]
GEMINI_FILES = ["gemini.generateContent", "vertex.generateContent"]
