"""What seed 003 calls `BudgetGuard`: may a hosted model be called now, and how do the budgets stand?

It asks for a quote: what the gateway would decide of such a call at this moment. It reserves nothing; the call itself
is held and decided again when it is made. How the budgets stand, the usage API knows.
"""

from typing import Any, Final

from headgate.client.defaults import default_client, model_or_default
from headgate.client.endpoints import Document
from headgate.client.errors import LimitExceeded, StatusError
from headgate.client.sync_client import Headgate

ADMITTED: Final = "Its budgets have room and no policy objects."


class BudgetGuard:
    """Asks the gateway before the models are asked."""

    def __init__(self, session: object = None, *, model: str | None = None, client: Headgate | None = None) -> None:
        """`session`: accepted and not needed; the books are the gateway's. `model`: else `HEADGATE_MODEL`."""
        del session
        self._model = model
        self._client = client

    def can_use_hosted_model(self, org_id: str | None, task: str | None) -> tuple[bool, str]:
        """Say whether such a call would be admitted now, and why.

        Raises:
            HeadgateError: the gateway cannot be asked, or the key may not ask for this organization.
        """
        try:
            quote = self._quote(org_id, task)
        except LimitExceeded as error:
            return False, error.message
        except StatusError as error:
            # What the call would be told too: a policy, a model that is not allowed, a cost without a bound.
            if error.status in {402, 403} and error.code != "organization_mismatch":
                return False, error.message
            raise
        return quote["decision"] == "admit", quote["reason"] or ADMITTED

    def get_usage_stats(self, org_id: str | None) -> dict[str, Any]:
        """Tell what the organization has used today, and of which limits.

        Args:
            org_id: id or name of the organization; None: the key's own.

        Returns:
            `tokens_used`, `tokens_limit`, `cost_usd_used`, `cost_usd_limit`, `cost_gbp_used`, `cost_gbp_limit`,
            `requests_used`, `requests_limit`: of its daily budget of that kind that decides first; a limit is None
            where there is none, and what is used is then all of today. Amounts are `Decimal`s, None where costs are
            not shown. `budgets` has all budgets of the organization, as `GET /api/v1/ai/usage` tells them.

        Raises:
            HeadgateError: the gateway cannot be asked, or the key does not see this organization or may not ask.
        """
        usage = (self._client or default_client()).get_usage(organization=org_id)
        requests = _fullest_of_requests(usage["budgets"])
        return {
            "tokens_used": usage["tokens_used"],
            "tokens_limit": usage["tokens_limit"],
            "cost_usd_used": usage["cost_usd"],
            "cost_usd_limit": usage["cost_limit_usd"],
            "cost_gbp_used": usage["cost_gbp"],
            "cost_gbp_limit": usage["cost_limit_gbp"],
            "requests_used": usage["requests"] if requests is None else requests["used"],
            "requests_limit": None if requests is None else requests["limit"],
            "budgets": usage["budgets"],
        }

    def _quote(self, org_id: str | None, task: str | None) -> Document:
        client = self._client or default_client()
        return client.quote(model=model_or_default(self._model), messages="Hello", tenant_id=org_id, task=task)


def _fullest_of_requests(budgets: list[Document]) -> Document | None:
    counting = [
        each for each in budgets if (each["unit"], each["period"]) == ("requests", "day") and not each["shadow"]
    ]
    return max(counting, key=lambda each: each["percent_used"], default=None)
