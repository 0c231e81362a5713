"""Ends a stream of OpenAI's text completions format before its model does: see `translate/ending.py`."""

from headgate.translate.openai_chat.end_stream import Choice, OpenAiEnding, text_size


class CompletionsEnding(OpenAiEnding):
    """Follows one stream; its chunks are those of chat completions, with a text in place of a delta."""

    id_prefix = "cmpl-"
    object_name = "text_completion"

    def size_of(self, choice: Choice) -> int:
        """Bytes of the text."""
        return text_size(choice.text)

    def last_content(self, *, begun: bool) -> dict[str, object]:
        """No more text."""
        del begun
        return {"text": ""}
