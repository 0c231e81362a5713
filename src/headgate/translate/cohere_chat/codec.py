"""Cohere's chat format (v2), as it is spoken to a provider."""

from headgate.domain.conversation import Answer, Conversation
from headgate.translate.codec import AnswerParser
from headgate.translate.cohere_chat.parse_answer import parse_answer
from headgate.translate.cohere_chat.parse_stream import CohereStreamParser
from headgate.translate.cohere_chat.render_request import render_request
from headgate.translate.error_message import error_message


class CohereChatCodec:
    """See `ProviderCodec` in `translate/codec.py`."""

    def render_request(
        self, conversation: Conversation, *, model: str, default_max_tokens: int, ask_for_usage: bool = True
    ) -> bytes:
        """Conversation -> request body. The format insists on no limit, and always tells the usage."""
        _ = default_max_tokens, ask_for_usage
        return render_request(conversation, model=model)

    def parse_answer(self, body: bytes) -> Answer:
        """Successful body -> answer."""
        return parse_answer(body)

    def answer_parser(self) -> AnswerParser:
        """A fresh parser for one streamed answer."""
        return CohereStreamParser()

    def parse_error(self, status: int, body: bytes) -> str:
        """The provider's message out of an error body."""
        return error_message(status, body)
