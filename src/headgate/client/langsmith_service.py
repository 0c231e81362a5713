"""What seed 000 calls `langsmith_service`: traces of custom operations, and what they and their users cost.

`from headgate.client import langsmith_service` stands in for the seed's own import; nothing else changes.
"""

from typing import Any

from headgate.client.defaults import default_client
from headgate.client.errors import NotConfigured
from headgate.client.results import Generation
from headgate.client.sync_client import Headgate
from headgate.client.traces import create_trace as create_trace
from headgate.client.traces import current_trace
from headgate.client.traces import traceable as traceable

__all__ = ["create_trace", "get_system_analytics", "get_user_analytics", "traceable", "track_cost"]


def track_cost(generation: Generation | None = None, *, client: Headgate | None = None) -> dict[str, Any]:
    """Tell what a call cost, or all calls of the trace that is open, and how its user stands.

    There is nothing to track: the gateway books every call. This reads.

    Args:
        generation: the call; None: the calls of the innermost trace so far.
        client: to ask with.

    Returns:
        `cost_usd`, `prompt_tokens`, `completion_tokens`, `total_tokens`, `daily_spend`, `monthly_spend`,
        `limit_exceeded`; amounts are `Decimal`s of USD, None where they are not known.

    Raises:
        NotConfigured: neither a call nor a trace.
        HeadgateError: the gateway cannot be asked.
    """
    trace = current_trace()
    if generation is not None:
        usage, cost = generation.usage, generation.cost
        figures: dict[str, Any] = {
            "cost_usd": cost,
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
            "total_tokens": usage.total_tokens if usage else None,
        }
    elif trace is not None:
        figures = {
            "cost_usd": trace.cost,
            "prompt_tokens": trace.prompt_tokens,
            "completion_tokens": trace.completion_tokens,
            "total_tokens": trace.total_tokens,
        }
    else:
        raise NotConfigured("There is no trace: call track_cost() inside create_trace(...), or give it a result.")
    standing = (client or default_client()).get_spend_limit(user_id=trace.user_id if trace else None)
    return figures | {
        "daily_spend": standing.get("daily_spend"),
        "monthly_spend": standing.get("monthly_spend"),
        "limit_exceeded": standing.get("blocked"),
    }


def get_user_analytics(
    user_id: str | int | None = None, days: int = 30, *, client: Headgate | None = None
) -> dict[str, Any]:
    """Give the analytics of a user: `total_cost_usd`, `total_requests`, `avg_latency_ms` and more."""
    return (client or default_client()).get_user_analytics(user_id=user_id, days=days)


def get_system_analytics(days: int = 7, *, client: Headgate | None = None) -> dict[str, Any]:
    """Give the analytics of everybody; for administrators."""
    return (client or default_client()).get_system_analytics(days=days)
