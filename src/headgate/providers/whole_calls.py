"""Operators whose streams show a tool call only when all of it is written.

While such a model writes the arguments nothing arrives, and nothing can be counted: what they cost is known when it is
spent. From recorded streams (every call of theirs came in one event), and by format in Google's and Ollama's.
"""

from typing import Final

CALLS_COME_WHOLE: Final = frozenset({"gemini", "groq", "mistral", "ollama", "openrouter", "venice", "vertex", "xai"})
