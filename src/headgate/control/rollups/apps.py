"""The app's name on pages."""

from django.apps import AppConfig


class RollupsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.rollups"
    verbose_name = "Analytics"
