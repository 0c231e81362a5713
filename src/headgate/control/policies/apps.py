"""The app's name on pages."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """See the package."""

    name = "headgate.control.policies"
    verbose_name = "Policies"
