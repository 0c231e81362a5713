"""Walks of the state machine over the database that the environment names: `python -m tests.kit.money.walk <examples>`.

In a process of its own, for Django knows one database in a process.
"""

import sys

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from headgate.control.setup import migrate

STEPS = 50


def main() -> None:
    migrate()
    # Their modules need Django to be set up.
    from tests.kit.money.database import DatabaseBooks
    from tests.kit.money.machine import MoneyMachine

    class InDatabase(MoneyMachine):
        """Against a real lease store and the books."""

        open_books = DatabaseBooks

    examples = settings(
        max_examples=int(sys.argv[1]),
        stateful_step_count=STEPS,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        print_blob=True,
    )
    run_state_machine_as_test(InDatabase, settings=examples)
    print("walked", flush=True)


if __name__ == "__main__":
    main()
