"""The app's name on pages."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """See the package."""

    name = "headgate.control.pricing"
    verbose_name = "Prices"
