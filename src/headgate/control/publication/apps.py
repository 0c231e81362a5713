"""The app's name on pages."""

from django.apps import AppConfig


class PublicationConfig(AppConfig):
    """See the package."""

    name = "headgate.control.publication"
    verbose_name = "Publication"
