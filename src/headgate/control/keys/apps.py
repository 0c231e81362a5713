"""The app's name on pages."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """See the package."""

    name = "headgate.control.keys"
    verbose_name = "Access"
