"""From the provider's answer to the client's: rejected, or whole. Streamed ones are in `relay.py`."""

from headgate.domain.errors import UpstreamBroken, UpstreamRejected, UpstreamUnsayable
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.pipeline.attempt import Attempt
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.ports import UpstreamAnswer
from headgate.pipeline.request import Reply
from headgate.translate.codec import UntranslatableError

JSON = "application/json"
_DOCUMENT_STARTS = (b"{", b"[")
"""Of an error that a provider wrote; Gemini writes it into an array where it would have answered with one."""
_PASSED_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry")
_OF_EVERY_ERROR = frozenset({b"content-type", b"x-request-id", b"request-id"})
"""Headers that the door writes itself when it renders one."""


async def rejection(exchange: Exchange, attempt: Attempt, answer: UpstreamAnswer) -> UpstreamRejected | UpstreamBroken:
    """The provider answered with an error: the attempt is settled, and what it said is kept."""
    body = await attempt.read(answer)
    if answer.status < 400:
        attempt.settle_rejection(readable=False)
        message = f"The provider answered with a redirect ({answer.status}), which is not followed; check its address."
        return UpstreamBroken(message, provider=attempt.target.provider.name, unbilled=False)
    unbilled = attempt.settle_rejection(readable=body.lstrip()[:1] in _DOCUMENT_STARTS)
    return UpstreamRejected(
        exchange.error_message(answer.status, body),
        provider=attempt.target.provider.name,
        unbilled=unbilled,
        status=answer.status,
        body=body,
    )


def rejected(error: UpstreamRejected, exchange: Exchange, attempt: Attempt, answer: UpstreamAnswer) -> Reply:
    """The provider's own status and body, for a client that speaks its format.

    Raises:
        UpstreamRejected: the formats differ, so that the door renders it, with the same headers.
    """
    headers = answer_headers(answer, attempt, None)
    if not error.should_retry:
        headers = [header for header in headers if header[0] != b"x-should-retry"]
        headers.append((b"x-should-retry", b"false"))
    if exchange.translates:
        error.headers = tuple(header for header in headers if header[0] not in _OF_EVERY_ERROR)
        raise error
    return Reply(status=answer.status, headers=headers, body=error.body)


async def whole(exchange: Exchange, attempt: Attempt, answer: UpstreamAnswer) -> Reply:
    """A successful answer that is not streamed; the attempt is settled.

    Raises:
        UpstreamBroken, UpstreamTimeout: it did not arrive whole.
        UpstreamUnsayable: it cannot be said in the client's format; what it cost is booked.
    """
    body = await attempt.read(answer)
    try:
        rendered = exchange.answer(body)
    except UntranslatableError as error:
        attempt.settle_answer(exchange.reading)
        raise unsayable(attempt, error) from error
    await attempt.cover(exchange.reading)
    attempt.settle_answer(exchange.reading)
    return Reply(status=answer.status, headers=answer_headers(answer, attempt, exchange.whole_type), body=rendered)


def unsayable(attempt: Attempt, error: UntranslatableError) -> UpstreamUnsayable:
    """What to say of an answer that the client's format has no words for."""
    return UpstreamUnsayable(
        f"The provider's answer cannot be said in this format: {error}.",
        provider=attempt.target.provider.name,
        unbilled=False,
    )


def answer_headers(answer: UpstreamAnswer, attempt: Attempt, content_type: str | None) -> list[tuple[bytes, bytes]]:
    """What the client is told beside the answer."""
    headers = [
        (b"content-type", (content_type or answer.header("content-type") or JSON).encode("latin-1")),
        (b"x-request-id", attempt.sent.request_id.encode()),
        # Where Anthropic's SDK looks for it.
        (b"request-id", attempt.sent.request_id.encode()),
        (b"x-headgate-provider", attempt.sent.provider.encode()),
        (b"x-headgate-deployment", attempt.sent.deployment_id.encode()),
        *attempt.headers,
    ]
    if attempt.sent.attempt > 1:
        headers.append((b"x-headgate-attempts", str(attempt.sent.attempt).encode()))
    if (remaining := attempt.remaining()) is not None:
        headers.append((b"x-headgate-budget-remaining-usd", f"{nano_to_usd(remaining):f}".encode()))
    settled = attempt.settled
    if settled is not None and settled.cost is not None:
        cost = NanoUsd(settled.cost + attempt.earlier_cost)
        headers.append((b"x-headgate-cost-usd", f"{nano_to_usd(cost):f}".encode()))
    if attempt.upstream_request_id:
        headers.append((b"x-headgate-upstream-request-id", attempt.upstream_request_id.encode("latin-1", "replace")))
    if answer.status >= 400:
        passed = ((name, answer.header(name)) for name in _PASSED_HEADERS)
        headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in passed if value]
    return headers
