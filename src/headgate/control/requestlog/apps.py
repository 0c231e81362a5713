"""The app's name on pages."""

from django.apps import AppConfig


class RequestLogConfig(AppConfig):
    """See the package."""

    name = "headgate.control.requestlog"
    verbose_name = "Traffic"
