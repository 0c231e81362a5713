"""The app's name on pages."""

from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    """See the package."""

    name = "headgate.control.idempotency"
    verbose_name = "Idempotency"
