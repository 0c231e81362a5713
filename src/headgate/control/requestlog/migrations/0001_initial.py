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
            name="RequestLog",
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
                ("request_id", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("original_model", models.TextField(null=True)),
                ("provider", models.TextField(null=True)),
                ("response_model", models.TextField(null=True)),
                ("message", models.TextField(null=True)),
                ("attempts", models.IntegerField()),
                ("cost_nano", models.BigIntegerField(null=True)),
                ("latency_ms", models.FloatField(null=True)),
                ("upstream_ms", models.FloatField(null=True)),
                ("first_content_ms", models.FloatField(null=True)),
                ("prompt_sha256", models.CharField(max_length=64)),
                ("client_gone", models.BooleanField()),
                ("verdicts", models.JSONField(default=list)),
                ("degraded_to", models.TextField(null=True)),
                ("clamped_to", models.BigIntegerField(null=True)),
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
                "verbose_name": "request",
                "verbose_name_plural": "requests",
                "db_table": "headgate_request_log",
                "ordering": ["-occurred_at", "-request_id"],
            },
        ),
        migrations.RunPython(partition_by_month("requestlog", "RequestLog"), migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="requestlog",
            index=models.Index(fields=["occurred_at", "request_id"], name="headgate_log_time"),
        ),
        migrations.AddIndex(
            model_name="requestlog",
            index=models.Index(fields=["organization", "occurred_at", "request_id"], name="headgate_log_org_time"),
        ),
        migrations.AddConstraint(
            model_name="requestlog",
            constraint=models.CheckConstraint(
                condition=models.Q(("cost_nano", None), ("cost_nano__gte", 0), _connector="OR"),
                name="headgate_log_cost",
            ),
        ),
    ]
