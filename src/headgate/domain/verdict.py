"""What a rule said of a request."""

import msgspec


class Verdict(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One objection of one rule of one policy, budget or limit."""

    policy: str
    """Its name."""
    rule: str
    """For example `blockedModels`."""
    effect: str
    """`blocked`, or `would_block` in shadow mode."""
    reason: str
