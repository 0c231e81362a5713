from django.db import migrations

from headgate.control.immutability import allow_updates, refuse_updates

TABLE = "headgate_cost_event"
COLUMNS = (
    "event_id",
    "occurred_at",
    "organization_id",
    "key_id",
    "provider",
    "response_model",
    "card_id",
    "quantities",
    "amount_nano",
    "estimated",
    "outcome",
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [migrations.RunPython(refuse_updates(TABLE, COLUMNS), allow_updates(TABLE))]
