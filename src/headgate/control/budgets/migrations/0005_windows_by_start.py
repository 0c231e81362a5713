from django.db import migrations


def create(apps, schema_editor):
    """Windows are made by hand, and so are their indexes; in this order their list is shown.

    Not on SQLite, which would rather walk over all windows in this order than look for a few and sort them.
    """
    if schema_editor.connection.vendor != "sqlite":
        schema_editor.execute("CREATE INDEX headgate_window_start ON headgate_window (starts_at DESC, id)")


def drop(apps, schema_editor):
    schema_editor.execute("DROP INDEX IF EXISTS headgate_window_start")


class Migration(migrations.Migration):
    dependencies = [("budgets", "0004_budgets_of_organizations_own")]
    operations = [migrations.RunPython(create, drop)]
