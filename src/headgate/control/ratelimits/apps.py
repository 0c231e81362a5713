"""The app's name on pages."""

from django.apps import AppConfig


class RateLimitsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.ratelimits"
    verbose_name = "Rate limits"
