"""The app's name on pages."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """See the package."""

    name = "headgate.control.audit"
    verbose_name = "Audit"
