from django.db import migrations

from headgate.control.immutability import allow_updates, refuse_updates

TABLE = "headgate_price_card"
COLUMNS = ("id", "provider", "model", "active_from", "source", "priority", "organization_id", "free", "payload")


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunPython(refuse_updates(TABLE, COLUMNS), allow_updates(TABLE))]
