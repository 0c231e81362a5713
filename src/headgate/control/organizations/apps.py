"""The app's name on pages."""

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.organizations"
    verbose_name = "Organizations"
