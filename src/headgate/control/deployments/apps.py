"""The app's name on pages."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.deployments"
    verbose_name = "Providers"
