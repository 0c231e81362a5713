"""Which codec speaks which format."""

from headgate.domain.formats import Format
from headgate.providers.provider import UsageQuirk
from headgate.translate.anthropic_messages.codec import AnthropicMessagesCodec
from headgate.translate.bedrock_converse.codec import BedrockConverseCodec
from headgate.translate.codec import Codec, ProviderCodec
from headgate.translate.cohere_chat.codec import CohereChatCodec
from headgate.translate.cohere_chat.end_stream import render_stream_error as render_cohere_error
from headgate.translate.gemini.codec import GeminiCodec
from headgate.translate.ollama_chat.codec import OllamaChatCodec
from headgate.translate.openai_chat.codec import OpenAiChatCodec
from headgate.translate.openai_responses.codec import OpenAiResponsesCodec
from headgate.translate.tgi_generate.codec import TgiGenerateCodec


def codec_for(format_: Format, *, quirks: frozenset[UsageQuirk] = frozenset()) -> Codec:
    """A codec for one attempt. `quirks` are the operator's deviations in usage (`Provider.usage_quirks`).

    Raises:
        KeyError: the format has no door, or is only passed through, never translated.
    """
    match format_:
        case Format.OPENAI_CHAT:
            return OpenAiChatCodec(quirks)
        case Format.OPENAI_RESPONSES:
            return OpenAiResponsesCodec()
        case Format.ANTHROPIC_MESSAGES:
            return AnthropicMessagesCodec()
        case Format.GEMINI:
            return GeminiCodec()
        case _:
            raise KeyError(format_)


def stream_error(format_: Format, message: str, code: str) -> bytes:
    """How a stream of a door's format ends that broke: no client may take it for whole.

    What is passed through only, and has no end of its own here, ends as OpenAI's streams do.
    """
    if format_ is Format.COHERE_CHAT:
        return render_cohere_error(message)
    try:
        codec = codec_for(format_)
    except KeyError:
        codec = codec_for(Format.OPENAI_CHAT)
    return codec.render_stream_error(message, code)


def provider_codec_for(format_: Format) -> ProviderCodec:
    """A codec for what is said to a provider in one attempt.

    Raises:
        KeyError: the format is only passed through, never translated.
    """
    match format_:
        case Format.BEDROCK_CONVERSE:
            return BedrockConverseCodec()
        case Format.COHERE_CHAT:
            return CohereChatCodec()
        case Format.OLLAMA_CHAT:
            return OllamaChatCodec()
        case Format.TGI_GENERATE:
            return TgiGenerateCodec()
        case _:
            return codec_for(format_)
