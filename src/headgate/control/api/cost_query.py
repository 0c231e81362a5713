"""What can be asked of `/costs`, by programs and on the page alike, in the words of seed 004."""

import datetime as dt
from typing import Literal

from ninja import Field, Schema

from headgate.control.api.parameters import MOST_DAYS, Day, Days, Limit, Offset, Value
from headgate.control.rollups.queries import Span, Where
from headgate.domain.errors import BadRequest

FILTERS = {
    "orgId": "organization",
    "userId": "user",
    "teamId": "team",
    "projectId": "project",
    "appId": "app",
    "clientId": "client",
    "agentId": "agent",
    "keyId": "key",
    "provider": "provider",
    "model": "model",
    "taskType": "task",
    "endpoint": "endpoint",
}
"""What callers write -> what we call it; each can be a filter."""
NAMES = {**FILTERS, "day": "day"}
"""What costs can be grouped by."""
MOST_GROUPS = 4


class CostQuery(Schema):
    """Values that costs must have, where an empty one stands for costs that have none; how they are put together."""

    org_id: Value = Field(None, alias="orgId")
    user_id: Value = Field(None, alias="userId")
    team_id: Value = Field(None, alias="teamId")
    project_id: Value = Field(None, alias="projectId")
    app_id: Value = Field(None, alias="appId")
    client_id: Value = Field(None, alias="clientId")
    agent_id: Value = Field(None, alias="agentId")
    key_id: Value = Field(None, alias="keyId")
    provider: Value = None
    model: Value = None
    task_type: Value = Field(None, alias="taskType")
    endpoint: Value = None
    source: Literal["AI"] = "AI"
    group_by: str = Field(
        "model", alias="groupBy", max_length=100, description=f"Up to four of {', '.join(NAMES)}; with commas."
    )
    days: Days = 30
    since: Day | None = Field(None, description="First UTC day, instead of days.")
    until: Day | None = Field(None, description="First UTC day after; without it, tomorrow.")
    limit: Limit = 100
    offset: Offset = 0

    @property
    def where(self) -> Where:
        """What the rows must have, in our words."""
        given = self.model_dump(by_alias=True)
        return {ours: given[theirs] or None for theirs, ours in FILTERS.items() if given[theirs] is not None}

    @property
    def groups(self) -> list[str]:
        """What to group by, in the words of callers.

        Raises:
            BadRequest: names that there are not, twice the same, or too many.
        """
        names = [name.strip() for name in self.group_by.split(",")]
        if set(names) - set(NAMES) or len(set(names)) != len(names) or len(names) > MOST_GROUPS:
            message = f"groupBy: give one to {MOST_GROUPS} different ones of {', '.join(NAMES)}."
            raise BadRequest(message, code="invalid_value", param="groupBy")
        return names

    def span(self, now: dt.datetime) -> Span:
        """Return the UTC days that are asked for.

        Raises:
            BadRequest: they are none, or too many.
        """
        if self.since is None and self.until is None:
            return Span.last_days(self.days, now)
        end = self.until or Span.last_days(1, now).until
        begin = self.since or end - dt.timedelta(days=self.days)
        if not 1 <= (end - begin).days <= MOST_DAYS:
            message = f"since and until: give 1 to {MOST_DAYS} days; until is the first day that is not in it."
            raise BadRequest(message, code="invalid_value", param="since")
        return Span(begin, end)
