"""Identifiers. Every id is a string with its own type, so that a key id cannot be passed for an organisation id."""

from typing import NewType

OrganizationId = NewType("OrganizationId", str)
"""UUID of an organisation, as 32 hex digits."""

KeyId = NewType("KeyId", str)
"""UUID of a virtual key, as 32 hex digits. Not the key, and not its hash."""

DeploymentId = NewType("DeploymentId", str)
"""UUID of a deployment row, or `env:<provider>` for one that the environment defines."""

OwnerId = NewType("OwnerId", str)
"""UUID of one start of one data-plane worker, as 32 hex digits: the owner of one journal."""

RequestId = NewType("RequestId", str)
"""`aigw_<epoch milliseconds>_<16 hex digits>`; see `new_request_id`."""

CardId = NewType("CardId", str)
"""`<provider>/<model>@<active from, or "always">#<digest>`: names one immutable price card."""


def new_request_id(now_ms: int, random_hex: str) -> RequestId:
    """Build a request id from the epoch in milliseconds and random hexadecimal digits."""
    return RequestId(f"aigw_{now_ms}_{random_hex}")
