from django.db import migrations, models

COUNTS = (
    "requests",
    "errors",
    "refused",
    "timed",
    "latency_us",
    "attempts",
    "charged",
    "estimated",
    "unpriced",
    "amount_nano",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
)
RAISED_ALL_THE_TIME = ("called_day", "user_day")


def counts():
    key = models.UUIDField(help_text="The hour or day, and a digest of the group.", primary_key=True, serialize=False)
    return [("id", key), *((name, models.BigIntegerField(db_default=0)) for name in COUNTS)]


def leave_room(apps, schema_editor):
    """Rows that are raised again and again stay where they are when their pages have room."""
    if schema_editor.connection.vendor != "sqlite":
        for name in RAISED_ALL_THE_TIME:
            schema_editor.execute(f"ALTER TABLE headgate_rollup_{name} SET (fillfactor = 70)")


class Migration(migrations.Migration):
    dependencies = [("rollups", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="CalledDay",
            fields=[
                *counts(),
                ("day", models.DateField()),
                ("provider", models.TextField(null=True)),
                ("model", models.TextField(null=True)),
                ("endpoint", models.TextField()),
                ("task", models.TextField(null=True)),
                *((f"b{bucket:02}", models.IntegerField(db_default=0)) for bucket in range(50)),
            ],
            options={"db_table": "headgate_rollup_called_day"},
        ),
        migrations.CreateModel(
            name="UserDay",
            fields=[
                *counts(),
                ("day", models.DateField()),
                ("organization_id", models.CharField(max_length=32)),
                ("end_user", models.TextField(null=True)),
            ],
            options={
                "db_table": "headgate_rollup_user_day",
                "indexes": [
                    models.Index(fields=["end_user", "organization_id", "day"], name="headgate_user_day_user"),
                ],
            },
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
