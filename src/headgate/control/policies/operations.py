"""Writes: policies. Each is published in the same transaction, with the budget that it keeps."""

from collections.abc import Iterable

from headgate.control.policies.checks import check_policy
from headgate.control.policies.daily import keep_budget, retire_budget
from headgate.control.policies.models import Policy
from headgate.control.publication.operations import lock_publication, publishing


def save_policy(policy: Policy, *, actor: str) -> None:
    """Write a new or changed policy and publish it.

    Args:
        policy: as it shall be.
        actor: who wants it; a change of its time zone says so in the budget's entries.

    Raises:
        ValidationError: see `check_policy`.
    """
    check_policy(policy)
    # The lock comes first: whoever changes budgets has it before he touches their rows.
    with lock_publication(), publishing():
        keep_budget(policy, actor=actor)
        policy.save()


def delete_policies(policies: Iterable[Policy]) -> None:
    """Delete policies and retire their budgets; what the request log and the books say of them stays."""
    with lock_publication(), publishing():
        for policy in policies:
            retire_budget(policy)
            policy.delete()
