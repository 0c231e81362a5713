"""The app's name on pages."""

from django.apps import AppConfig


class RoutesConfig(AppConfig):
    """See the package."""

    name = "headgate.control.routes"
    verbose_name = "Routes"
