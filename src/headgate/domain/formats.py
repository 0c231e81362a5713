"""Wire formats and the endpoints that speak them."""

from enum import StrEnum


class Format(StrEnum):
    """A published wire format: how a body is written, whoever the operator is."""

    OPENAI_CHAT = "openai.chat"
    OPENAI_RESPONSES = "openai.responses"
    OPENAI_COMPLETIONS = "openai.completions"
    OPENAI_EMBEDDINGS = "openai.embeddings"
    OPENAI_MODERATIONS = "openai.moderations"
    OPENAI_IMAGES = "openai.images"
    OPENAI_IMAGE_EDITS = "openai.image_edits"
    OPENAI_TRANSCRIPTIONS = "openai.transcriptions"
    OPENAI_TRANSLATIONS = "openai.translations"
    OPENAI_SPEECH = "openai.speech"
    ANTHROPIC_MESSAGES = "anthropic.messages"
    ANTHROPIC_COUNT_TOKENS = "anthropic.count_tokens"
    GEMINI = "gemini.generate_content"
    GEMINI_COUNT_TOKENS = "gemini.count_tokens"
    GEMINI_EMBED_CONTENT = "gemini.embed_content"
    GEMINI_BATCH_EMBED_CONTENTS = "gemini.batch_embed_contents"
    BEDROCK_CONVERSE = "bedrock.converse"
    COHERE_CHAT = "cohere.chat"
    RERANK = "cohere.rerank"
    OLLAMA_CHAT = "ollama.chat"
    TGI_GENERATE = "tgi.generate"
