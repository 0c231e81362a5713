"""Whatever happens in whatever order, no budget is overdrawn and every nano-USD is accounted for.

The machine is in `tests/kit/money`; see its docstring. On the twin in memory it takes many short walks.
"""

from hypothesis import HealthCheck, settings

from tests.kit.money.books import MemoryBooks
from tests.kit.money.machine import MoneyMachine


class InMemory(MoneyMachine):
    """Against the lease store's twin."""

    open_books = MemoryBooks


TestMoneyInMemory = InMemory.TestCase
TestMoneyInMemory.settings = settings(
    max_examples=150, stateful_step_count=60, suppress_health_check=[HealthCheck.too_slow], deadline=None
)
