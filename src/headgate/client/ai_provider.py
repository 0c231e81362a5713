"""What seed 000 calls `AIProvider`: one provider, one user, texts in and out."""

from collections.abc import Iterator
from typing import Any

from headgate.client.defaults import default_client, model_or_default
from headgate.client.requests import TextRequest
from headgate.client.results import Generation
from headgate.client.sync_client import Headgate, TextStream


class AIProvider:
    """Asks the models of one provider for one user."""

    def __init__(
        self,
        provider: str | None = None,
        user_id: str | int | None = None,
        *,
        model: str | None = None,
        client: Headgate | None = None,
    ) -> None:
        """Say whom to ask and for whom.

        Args:
            provider: as the gateway calls it (`openai`); None: whichever serves the model.
            user_id: whom to charge.
            model: where a call names none; else `HEADGATE_MODEL`.
            client: to ask with; else one from the environment.
        """
        self.provider = provider
        self.user_id = user_id
        self.last: Generation | None = None
        """What the last call came to, when it is over."""
        self._model = model
        self._client = client

    def complete(
        self,
        prompt: str,
        *,
        model: str | None = None,
        system_message: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> str:
        """Give the whole answer; `last` has what it cost."""
        request = self._request(prompt, model, system_message, temperature, max_tokens)
        self.last = self._asked().generate_text(**request)
        return self.last.content

    def stream_complete(
        self,
        prompt: str,
        *,
        model: str | None = None,
        system_message: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Iterator[str]:
        """Give the answer while it is written; `last` has what it cost, at its end."""
        request = self._request(prompt, model, system_message, temperature, max_tokens)
        return self._followed(self._asked().generate_text_stream(**request))

    def _followed(self, stream: TextStream) -> Iterator[str]:
        with stream:
            yield from stream
            self.last = stream.result

    def _asked(self) -> Headgate:
        return self._client or default_client()

    def _request(
        self,
        prompt: str,
        model: str | None,
        system_message: str | None,
        temperature: float | None,
        max_tokens: int | None,
    ) -> TextRequest:
        name = model_or_default(model or self._model)
        if self.provider and "/" not in name:
            name = f"{self.provider}/{name}"
        messages: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
        if system_message is not None:
            messages.insert(0, {"role": "system", "content": system_message})
        return {
            "model": name,
            "messages": messages,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "user_id": self.user_id,
        }
