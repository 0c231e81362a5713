import django.db.models.deletion
from django.db import migrations, models

import headgate.control.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="VirtualKey",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=headgate.control.identifiers.new_id,
                        editable=False,
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("prefix", models.CharField(editable=False, max_length=16)),
                ("sha256", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, help_text="UTC. Empty: never.", null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("allowed_models", models.JSONField(blank=True, default=list)),
                ("scopes", models.JSONField(blank=True, default=list)),
                ("defaults", models.JSONField(blank=True, default=dict)),
                ("locked", models.JSONField(blank=True, default=list)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="virtual_keys",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_virtual_key",
                "ordering": ["-created_at"],
            },
        ),
    ]
