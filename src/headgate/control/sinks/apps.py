"""The app's name on pages."""

from django.apps import AppConfig


class SinksConfig(AppConfig):
    """See the package."""

    name = "headgate.control.sinks"
    verbose_name = "Sinks"
