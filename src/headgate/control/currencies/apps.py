"""The app's name on pages."""

from django.apps import AppConfig


class CurrenciesConfig(AppConfig):
    """See the package."""

    name = "headgate.control.currencies"
    verbose_name = "Currencies"
