"""The configuration that one request sees: one snapshot, compiled, never changed in place."""

from collections.abc import Mapping

import msgspec

from headgate.domain.prices import PriceCard
from headgate.ledger.budgets import BudgetTable
from headgate.policy.rate_limits import RateLimitTable
from headgate.policy.rules import PolicyTable
from headgate.pricing.book import PriceBook
from headgate.pricing.widening import WideningTable
from headgate.routing.table import RouteTable
from headgate.snapshot.contract import ExchangeRate, Organization


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled snapshot."""

    revision: int
    organizations: Mapping[str, Organization]
    routes: RouteTable
    prices: PriceBook
    cards: tuple[PriceCard, ...]
    """As published, for listings."""
    budgets: BudgetTable
    policies: PolicyTable
    rate_limits: RateLimitTable
    widenings: WideningTable
    exchange_rates: tuple[ExchangeRate, ...]
    """For figures that are shown beside USD."""
