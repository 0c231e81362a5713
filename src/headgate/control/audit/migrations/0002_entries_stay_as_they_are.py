from django.db import migrations

from headgate.control.immutability import allow_updates, refuse_updates

TABLE = "headgate_audit_entry"
COLUMNS = (
    "number",
    "at",
    "actor",
    "actor_id",
    "organization_id",
    "action",
    "kind",
    "object_id",
    "label",
    "details",
    "previous_sha256",
    "sha256",
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunPython(refuse_updates(TABLE, COLUMNS), allow_updates(TABLE)),
    ]
