"""Requests in the books with deliveries queued for them, posted as ingest posts them."""

from collections.abc import Sequence
from typing import Any

from headgate.control.ledger.operations import post, register_owner
from headgate.control.sinks.health import LANGSMITH
from headgate.domain.ids import OwnerId, RequestId
from headgate.ledger.postings import DeliveryPosting, OwnerPosting, cost_event, request_log
from tests.kit.books import NOON, logged, sent, settled

REQUEST = RequestId("aigw_1767268799000_00000000000000ab")


def delivery(request_id: str = REQUEST, **changes: Any) -> DeliveryPosting:
    given = {"sink": LANGSMITH, "request_id": request_id, "occurred_at": NOON - 1, "context": None} | changes
    return DeliveryPosting(**given)


def post_told(
    request_id: str = REQUEST,
    *,
    attempts: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (({}, {}),),
    context: dict[str, str] | None = None,
    **log: Any,
) -> None:
    """Post a request of which LangSmith is to be told; `attempts`: changes of what was sent and of what was settled."""
    name = {"request_id": RequestId(request_id)}
    events = []
    for number, (left, ended) in enumerate(attempts, 1):
        numbered = name | {"attempt": number}
        event = cost_event(sent(**numbered | left), settled(**numbered | ended))
        events += [event] if event else []
    row = request_log(logged(**name | {"attempts": len(attempts)} | log))
    owner = OwnerId(f"owner of {request_id}"[-32:])
    register_owner(owner, "node", "boot")
    queued = (delivery(request_id, context=context),)
    post(
        OwnerPosting(
            owner_id=owner,
            posted_from=0,
            posted_to=1,
            low_watermark=1,
            events=tuple(events),
            logs=(row,),
            deliveries=queued,
        )
    )
