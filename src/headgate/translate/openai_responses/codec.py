"""OpenAI's Responses format, both directions."""

from collections.abc import Mapping

import msgspec

from headgate.domain.conversation import Answer, Conversation
from headgate.translate.codec import AnswerParser, AnswerRenderer
from headgate.translate.error_message import error_message
from headgate.translate.openai_responses.parse_answer import parse_answer
from headgate.translate.openai_responses.parse_request import parse_request
from headgate.translate.openai_responses.parse_stream import ResponsesStreamParser
from headgate.translate.openai_responses.render_answer import render_answer
from headgate.translate.openai_responses.render_request import render_request
from headgate.translate.openai_responses.render_stream import ResponsesStreamRenderer, render_stream_error


class OpenAiResponsesCodec:
    """See `translate/codec.py`."""

    def parse_request(self, fields: Mapping[str, msgspec.Raw]) -> Conversation:
        """Request body -> conversation."""
        return parse_request(fields)

    def render_request(
        self, conversation: Conversation, *, model: str, default_max_tokens: int, ask_for_usage: bool = True
    ) -> bytes:
        """Conversation -> request body. The format insists on no limit, and always tells the usage."""
        _ = default_max_tokens, ask_for_usage
        return render_request(conversation, model=model)

    def parse_answer(self, body: bytes) -> Answer:
        """Successful body -> answer."""
        return parse_answer(body)

    def render_answer(self, answer: Answer, *, created: int) -> bytes:
        """Answer -> body."""
        return render_answer(answer, created=created)

    def answer_parser(self) -> AnswerParser:
        """A fresh parser for one streamed answer."""
        return ResponsesStreamParser()

    def answer_renderer(self, *, created: int, include_usage: bool) -> AnswerRenderer:
        """A fresh renderer for one streamed answer. The format always tells the usage."""
        _ = include_usage
        return ResponsesStreamRenderer(created=created)

    def parse_error(self, status: int, body: bytes) -> str:
        """The provider's message out of an error body."""
        return error_message(status, body)

    def render_stream_error(self, message: str, code: str) -> bytes:
        """The error event that ends a broken stream."""
        return render_stream_error(message, code)
