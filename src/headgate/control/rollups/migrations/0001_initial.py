from django.db import migrations, models

import headgate.control.identifiers

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
RAISED_ALL_THE_TIME = ("traffic_hour", "traffic_day", "user_hour", "user_latency", "spend_day")


def counts(key_help):
    key = ("id", models.UUIDField(help_text=key_help, primary_key=True, serialize=False))
    return [key, *((name, models.BigIntegerField(db_default=0)) for name in COUNTS)]


def traffic():
    return [
        *counts("The hour or day, and a digest of the group."),
        ("organization_id", models.CharField(max_length=32)),
        ("provider", models.TextField(null=True)),
        ("model", models.TextField(null=True)),
        ("endpoint", models.TextField()),
        ("task", models.TextField(null=True)),
        *((f"b{bucket:02}", models.IntegerField(db_default=0)) for bucket in range(50)),
    ]


def new_id():
    return models.CharField(
        default=headgate.control.identifiers.new_id, editable=False, max_length=32, primary_key=True, serialize=False
    )


def leave_room(apps, schema_editor):
    """Rows that are raised again and again stay where they are when their pages have room."""
    if schema_editor.connection.vendor != "sqlite":
        for name in RAISED_ALL_THE_TIME:
            schema_editor.execute(f"ALTER TABLE headgate_rollup_{name} SET (fillfactor = 70)")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="TrafficHour",
            fields=[*traffic(), ("hour", models.DateTimeField())],
            options={
                "db_table": "headgate_rollup_traffic_hour",
                "indexes": [
                    models.Index(fields=["organization_id", "hour"], name="headgate_traffic_hour_org"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrafficDay",
            fields=[*traffic(), ("day", models.DateField())],
            options={
                "db_table": "headgate_rollup_traffic_day",
                "indexes": [
                    models.Index(fields=["organization_id", "day"], name="headgate_traffic_day_org"),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserHour",
            fields=[
                *counts("The hour or day, and a digest of the group."),
                ("hour", models.DateTimeField()),
                ("organization_id", models.CharField(max_length=32)),
                ("end_user", models.TextField()),
            ],
            options={
                "db_table": "headgate_rollup_user_hour",
                "indexes": [
                    models.Index(fields=["organization_id", "end_user", "hour"], name="headgate_user_hour_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="UserLatency",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        help_text="The day, and a digest of the group.", primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("organization_id", models.CharField(max_length=32)),
                ("end_user", models.TextField()),
                ("bucket", models.SmallIntegerField(help_text="0 to 49.")),
                ("requests", models.BigIntegerField(db_default=0)),
            ],
            options={
                "db_table": "headgate_rollup_user_latency",
                "indexes": [
                    models.Index(fields=["organization_id", "end_user", "day"], name="headgate_user_latency_user")
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendDay",
            fields=[
                *counts("The hour or day, and a digest of the group."),
                ("day", models.DateField()),
                ("organization_id", models.CharField(max_length=32)),
                ("end_user", models.TextField(null=True)),
                ("team", models.TextField(null=True)),
                ("project", models.TextField(null=True)),
                ("app", models.TextField(null=True)),
                ("client", models.TextField(null=True)),
                ("agent", models.TextField(null=True)),
                ("key_id", models.CharField(max_length=32)),
                ("provider", models.TextField(null=True)),
                ("model", models.TextField(null=True)),
                ("task", models.TextField(null=True)),
                ("endpoint", models.TextField()),
            ],
            options={
                "db_table": "headgate_rollup_spend_day",
                "permissions": (
                    ("view_ai_analytics", "Can view the AI analytics of all organizations"),
                    ("reset_user_spend", "Can reset the spend of users of all organizations"),
                ),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["organization_id", "day"], name="headgate_spend_day_org"),
                    models.Index(fields=["organization_id", "end_user", "day"], name="headgate_spend_day_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", new_id()),
                ("checked_at", models.DateTimeField()),
                ("since", models.DateField(help_text="First UTC day that was compared.")),
                ("until", models.DateField(help_text="First UTC day after those.")),
                ("differences", models.JSONField(default=list)),
            ],
            options={"db_table": "headgate_rollup_check", "ordering": ["-checked_at"]},
        ),
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", new_id()),
                ("removed_at", models.DateTimeField()),
                ("before", models.DateTimeField(help_text="What happened before is removed.")),
                ("cost_events", models.BigIntegerField()),
                ("requests", models.BigIntegerField()),
            ],
            options={"db_table": "headgate_rollup_removal", "ordering": ["-before", "-removed_at"]},
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
