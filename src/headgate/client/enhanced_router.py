"""What seed 003 calls `EnhancedAIRouter`: tasks in, texts out, without waiting."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from headgate.client.async_client import AsyncHeadgate
from headgate.client.batches import CONCURRENCY
from headgate.client.defaults import model_or_default
from headgate.client.requests import TextRequest
from headgate.client.results import Generation


class GenerationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One task."""

    task: str
    """What it is for: `caption`, `hashtags`, `ads_copy`, ...; budgets, policies and time limits may depend on it."""
    prompt: str
    system: str | None = None
    org_id: str | None = None
    """The organization that the caller believes to charge; see `TextRequest`'s `tenant_id`."""
    model: str | None = None
    """None: the router's."""
    max_tokens: int | None = None
    temperature: float | None = None


class GenerationResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a task."""

    text: str
    from_cache: bool
    cost_gbp: Decimal | None
    """What was booked, in pounds; None without an exchange rate or a price."""
    generation: Generation
    """All that is known of it."""


class EnhancedAIRouter:
    """Asks the gateway, which routes, caches, budgets and counts. Use it in one event loop."""

    def __init__(
        self, session: object = None, *, model: str | None = None, client: AsyncHeadgate | None = None
    ) -> None:
        """`session`: accepted and not needed; the books are the gateway's. `model`: else `HEADGATE_MODEL`."""
        del session
        self._model = model
        self._client = client or AsyncHeadgate()

    async def generate(self, request: GenerationRequest) -> GenerationResult:
        """Answer a task.

        Raises:
            HeadgateError: see `headgate.client.errors`.
        """
        return _result(await self._client.generate_text(**self._asked(request)))

    async def batch_generate(
        self, requests: Sequence[GenerationRequest], *, concurrency: int = CONCURRENCY
    ) -> list[GenerationResult]:
        """Answer several tasks, some of them at once, in their order.

        Raises:
            BatchFailed: some failed; it has what the others got.
        """
        asked = [self._asked(request) for request in requests]
        return [_result(each) for each in await self._client.batch_generate(asked, concurrency=concurrency)]

    def _asked(self, request: GenerationRequest) -> TextRequest:
        messages: list[dict[str, Any]] = [{"role": "user", "content": request.prompt}]
        if request.system is not None:
            messages.insert(0, {"role": "system", "content": request.system})
        return {
            "model": model_or_default(request.model or self._model),
            "messages": messages,
            "task": request.task,
            "tenant_id": request.org_id,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }


def _result(generation: Generation) -> GenerationResult:
    return GenerationResult(
        text=generation.content,
        from_cache=generation.from_cache,
        cost_gbp=generation.costs.get("GBP"),
        generation=generation,
    )
