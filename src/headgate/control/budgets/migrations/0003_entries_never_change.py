from django.db import migrations

from headgate.control.immutability import allow_updates, refuse_updates

TABLE = "headgate_adjustment"
COLUMNS = (
    "id",
    "budget_id",
    "organization_id",
    "kind",
    "window_id",
    "unit",
    "amount",
    "reason",
    "actor",
    "created_at",
)


class Migration(migrations.Migration):
    dependencies = [("budgets", "0002_windows")]
    operations = [migrations.RunPython(refuse_updates(TABLE, COLUMNS), allow_updates(TABLE))]
