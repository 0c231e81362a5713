"""Operation: how the tracing to LangSmith is doing."""

import datetime as dt

from django.http import HttpRequest
from ninja import Field, Router, Schema

from headgate.control.api.analytics import caller_of
from headgate.control.api.schemas import REFUSALS
from headgate.control.sinks.health import SinkHealth, langsmith_health

router = Router(tags=["langsmith"])


class LangSmithHealth(Schema):
    """How the tracing to LangSmith is doing."""

    connected: bool = Field(description="It answered when it was last asked or told, and that was lately.")
    project: str
    tracing: bool = Field(description="Requests are told of.")
    reason: str | None = Field(description="Why they are not.")
    endpoint: str
    sampling_rate: float
    last_error: str | None
    tried_at: dt.datetime | None
    answered_at: dt.datetime | None
    behind: int = Field(description="Requests that it is still to be told of.")
    behind_s: float = Field(description="Age of the oldest of them.")
    refused: int = Field(description="Requests that it will not take.")
    project_url: str | None = Field(description="Of its pages about the project, once it has said where they are.")


@router.get("langsmith/health/", response={200: LangSmithHealth, **REFUSALS}, operation_id="langsmith_health")
def health(request: HttpRequest) -> SinkHealth:
    """How the tracing to LangSmith is doing, for staff who may view the AI analytics of all organizations."""
    caller_of(request).require_operator()
    return langsmith_health()
