"""Wire formats and the endpoints that speak them."""

from enum import StrEnum


class Format(StrEnum):
    """A published wire format: how a body is written, whoever the operator is."""

    OPENAI_CHAT = "openai.chat"
    OPENAI_EMBEDDINGS = "openai.embeddings"
    ANTHROPIC_MESSAGES = "anthropic.messages"
    ANTHROPIC_COUNT_TOKENS = "anthropic.count_tokens"
