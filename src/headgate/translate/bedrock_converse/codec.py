"""Bedrock's Converse format, as it is spoken to a provider."""

from headgate.domain.conversation import Answer, Conversation
from headgate.translate.bedrock_converse.parse_answer import parse_answer
from headgate.translate.bedrock_converse.parse_stream import ConverseStreamParser
from headgate.translate.bedrock_converse.render_request import render_request
from headgate.translate.codec import AnswerParser
from headgate.translate.error_message import error_message


class BedrockConverseCodec:
    """See `ProviderCodec` in `translate/codec.py`."""

    def render_request(
        self, conversation: Conversation, *, model: str, default_max_tokens: int, ask_for_usage: bool = True
    ) -> bytes:
        """Conversation -> request body. The format insists on no limit, and always tells the usage."""
        _ = ask_for_usage
        return render_request(conversation, model=model, default_max_tokens=default_max_tokens)

    def parse_answer(self, body: bytes) -> Answer:
        """Successful body -> answer."""
        return parse_answer(body)

    def answer_parser(self) -> AnswerParser:
        """A fresh parser for one streamed answer."""
        return ConverseStreamParser()

    def parse_error(self, status: int, body: bytes) -> str:
        """The provider's message out of an error body."""
        return error_message(status, body)
