"""The app's name on pages, and what happens to keys when somebody leaves an organization."""

from importlib import import_module

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """See the package."""

    name = "headgate.control.keys"
    verbose_name = "Access"

    def ready(self) -> None:
        """Listen to memberships that end, wherever that is done."""
        import_module("headgate.control.keys.leaving")
