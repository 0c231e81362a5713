"""What brings an installation to life, as plain functions. Django is set up when the first of them is called."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapResult:
    """What the first start created. The two secrets are not kept anywhere else."""

    organization: str
    admin_username: str
    admin_password: str
    admin_password_generated: bool
    """False: it is `HEADGATE_BOOTSTRAP_ADMIN_PASSWORD`."""
    key: str
    key_generated: bool
    """False: it is `HEADGATE_BOOTSTRAP_KEY`."""


def use_django() -> None:
    """Set Django up for this process; a second time changes nothing."""
    import django
    from django.apps import apps

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headgate.control.settings")
    if not apps.ready:
        django.setup()


def migrate() -> None:
    """Bring the tables up to date; of two nodes that start at once, the second waits for the first."""
    use_django()
    from django.core.management import call_command
    from django.utils import timezone

    from headgate.control.locks import one_at_a_time
    from headgate.control.partitions import make_months_around
    from headgate.control.rollups.rebuild import build_missing

    with one_at_a_time():
        call_command("migrate", interactive=False, verbosity=0)
        make_months_around(timezone.now().date())
        build_missing()


def bootstrap(environ: Mapping[str, str]) -> BootstrapResult | None:
    """Fill an empty database and publish; in a filled one bring price cards and the environment's budgets up to date.

    Returns:
        What was created, secrets included; None when there was something already.

    Raises:
        ValueError: `HEADGATE_BOOTSTRAP_KEY` is too short or holds white space.
        ValidationError: `HEADGATE_BOOTSTRAP_ADMIN_PASSWORD` is too weak.
        SettingsError: a variable of budgets is nonsense.
    """
    use_django()
    from headgate.control.first_start import fill
    from headgate.pricing.seed import seed_cards

    return fill(environ, seed_cards())
