"""The app's name on pages."""

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.budgets"
    verbose_name = "Budgets"
