import django.db.models.deletion
from django.db import migrations, models

from headgate.control.partitions import partition_by_month


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("keys", "0001_initial"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Owner",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("node", models.CharField(max_length=200)),
                ("boot_id", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("closed", "Closed")], default="open", max_length=8),
                ),
                ("op_seq", models.BigIntegerField(default=0, help_text="Of the owner's last draw or return.")),
                ("registered_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "headgate_owner",
            },
        ),
        migrations.CreateModel(
            name="CostEvent",
            fields=[
                ("occurred_at", models.DateTimeField()),
                ("end_user", models.TextField(null=True)),
                ("team", models.TextField(null=True)),
                ("project", models.TextField(null=True)),
                ("app", models.TextField(null=True)),
                ("client", models.TextField(null=True)),
                ("agent", models.TextField(null=True)),
                ("task", models.TextField(null=True)),
                ("endpoint", models.TextField()),
                ("stream", models.BooleanField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("ok", "ok"),
                            ("estimated", "estimated"),
                            ("rejected", "rejected"),
                            ("unreached", "unreached"),
                            ("refused", "refused"),
                            ("fault", "fault"),
                        ],
                        max_length=16,
                    ),
                ),
                ("status", models.IntegerField(null=True)),
                ("error", models.TextField(null=True)),
                ("quantities", models.JSONField(null=True)),
                ("prompt_tokens", models.BigIntegerField(null=True)),
                ("completion_tokens", models.BigIntegerField(null=True)),
                ("total_tokens", models.BigIntegerField(null=True)),
                ("event_id", models.CharField(max_length=120, primary_key=True, serialize=False)),
                ("request_id", models.CharField(max_length=100)),
                ("attempt", models.IntegerField()),
                ("settled_at", models.DateTimeField()),
                ("provider", models.TextField()),
                ("deployment_id", models.CharField(max_length=100)),
                ("original_model", models.TextField()),
                ("request_model", models.TextField()),
                ("response_model", models.TextField(null=True)),
                ("card_id", models.TextField(null=True)),
                ("hold_nano", models.BigIntegerField(null=True)),
                ("amount_nano", models.BigIntegerField(help_text="Nano-USD. Empty: unpriced.", null=True)),
                ("estimated", models.BooleanField()),
                ("unpriced_units", models.JSONField()),
                ("reported_cost", models.TextField(null=True)),
                ("service_tier", models.TextField(null=True)),
                ("upstream_request_id", models.TextField(null=True)),
                (
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="keys.virtualkey",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_cost_event",
                "ordering": ["-occurred_at", "-event_id"],
            },
        ),
        migrations.RunPython(partition_by_month("ledger", "CostEvent"), migrations.RunPython.noop),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                (
                    "owner",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="ledger.owner",
                    ),
                ),
                ("posted", models.BigIntegerField(default=0)),
                ("low_watermark", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "headgate_cursor",
            },
        ),
        migrations.AddIndex(
            model_name="owner",
            index=models.Index(fields=["node", "state"], name="headgate_owner_node"),
        ),
        migrations.AddIndex(
            model_name="owner",
            index=models.Index(condition=models.Q(("state", "open")), fields=["state"], name="headgate_owner_open"),
        ),
        migrations.AddIndex(
            model_name="costevent",
            index=models.Index(fields=["occurred_at", "event_id"], name="headgate_event_time"),
        ),
        migrations.AddIndex(
            model_name="costevent",
            index=models.Index(fields=["organization", "occurred_at", "event_id"], name="headgate_event_org_time"),
        ),
        migrations.AddConstraint(
            model_name="costevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_nano", None), ("amount_nano__gte", 0), _connector="OR"),
                name="headgate_event_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="costevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("hold_nano", None), ("hold_nano__gte", 0), _connector="OR"),
                name="headgate_event_hold",
            ),
        ),
        migrations.AddConstraint(
            model_name="cursor",
            constraint=models.CheckConstraint(
                condition=models.Q(("low_watermark__gte", 0), ("posted__gte", models.F("low_watermark"))),
                name="headgate_cursor_order",
            ),
        ),
    ]
