"""Views are made when the tables are up to date: they are no tables, and no migration need know of them."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from headgate.control.sql_views.operations import drop_views, make_views


class SqlViewsConfig(AppConfig):
    """See the package."""

    name = "headgate.control.sql_views"
    verbose_name = "SQL views"

    def ready(self) -> None:
        """Make them after each migration; SQLite cannot rename a table under a view: there they go before it."""
        pre_migrate.connect(_before, sender=self)
        post_migrate.connect(_after, sender=self)


def _before(*, using: str, plan: Any = (), **_: Any) -> None:
    if plan:
        drop_views(using)


def _after(*, using: str, **_: Any) -> None:
    make_views(using)
