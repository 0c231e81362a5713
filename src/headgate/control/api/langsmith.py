"""Operation: how the tracing to LangSmith is doing."""

from typing import NamedTuple

from django.http import HttpRequest
from ninja import Field, Router, Schema

from headgate.control.api.analytics import caller_of
from headgate.control.api.schemas import REFUSALS

router = Router(tags=["langsmith"])


class LangSmithState(NamedTuple):
    """What is known of LangSmith."""

    connected: bool
    project: str | None
    tracing: bool
    reason: str | None
    """Why nothing is traced; None: it is."""


def langsmith_state() -> LangSmithState:
    """Say how LangSmith is doing. There is nothing yet that tells it anything."""
    return LangSmithState(connected=False, project=None, tracing=False, reason="This version sends LangSmith nothing.")


class LangSmithHealth(Schema):
    """How the tracing to LangSmith is doing."""

    connected: bool
    project: str | None
    tracing: bool
    reason: str | None = Field(description="Why nothing is traced.")


@router.get("langsmith/health/", response={200: LangSmithHealth, **REFUSALS}, operation_id="langsmith_health")
def langsmith_health(request: HttpRequest) -> LangSmithState:
    """How the tracing to LangSmith is doing, for staff who may view the AI analytics of all organizations."""
    caller_of(request).require_operator()
    return langsmith_state()
