"""What seed 003 calls `BudgetGuard`: may a hosted model be called now, and how do the budgets stand?

It asks for a quote: what the gateway would decide of such a call at this moment. It reserves nothing; the call itself
is held and decided again when it is made.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from headgate.client.defaults import default_client, model_or_default
from headgate.client.endpoints import Document
from headgate.client.errors import LimitExceeded, StatusError
from headgate.client.sync_client import Headgate

ADMITTED: Final = "Its budgets have room and no policy objects."
_PREFERRED: Final = ("organization", "system")
"""Whose budget is meant where several count the same."""
_NAMES: Final[Mapping[str, str]] = {"tokens": "tokens", "usd": "cost_usd", "requests": "requests"}


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
        """Tell how the budgets stand that such a call would be held in.

        Returns:
            `tokens_used`, `tokens_limit`, `cost_usd_used`, `cost_usd_limit`, `requests_used`, `requests_limit`: of the
            organization's own budget of that kind, else of the one that counts everybody; None where there is none.
            Amounts are `Decimal`s. `budgets` has all of them as the gateway tells them.

        Raises:
            HeadgateError: as `can_use_hosted_model`, refusals included.
        """
        budgets: Sequence[Document] = self._quote(org_id, None)["budgets"]
        stats: dict[str, Any] = {}
        for unit, name in _NAMES.items():
            chosen = _chosen(budgets, unit)
            stats[f"{name}_used"] = None if chosen is None else chosen["spent"]
            stats[f"{name}_limit"] = None if chosen is None else chosen["limit"]
        return stats | {"budgets": list(budgets)}

    def _quote(self, org_id: str | None, task: str | None) -> Document:
        client = self._client or default_client()
        return client.quote(model=model_or_default(self._model), messages="Hello", tenant_id=org_id, task=task)


def _chosen(budgets: Sequence[Document], unit: str) -> Document | None:
    counting = [each for each in budgets if each["unit"] == unit and not each["shadow"]]
    for scope in _PREFERRED:
        for budget in counting:
            if budget["scope"] == scope:
                return budget
    return None
