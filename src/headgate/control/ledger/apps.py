"""The app's name on pages."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """See the package."""

    name = "headgate.control.ledger"
    verbose_name = "Books"
