import django.db.models.deletion
from django.db import migrations, models

import headgate.control.deployments.models
import headgate.control.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderCredential",
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
                (
                    "provider",
                    models.CharField(help_text="The operator that it is shown to, and no other.", max_length=64),
                ),
                ("encrypted", models.BinaryField()),
                ("hint", models.CharField(editable=False, max_length=8)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("rotated_at", models.DateTimeField(editable=False, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: for shared deployments.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_provider_credential",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Deployment",
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
                (
                    "name",
                    models.CharField(
                        help_text="Public model name, or * for every model of the provider.", max_length=200
                    ),
                ),
                (
                    "provider",
                    models.CharField(help_text="Operator name, for example openai or anthropic.", max_length=64),
                ),
                (
                    "model",
                    models.CharField(
                        blank=True,
                        help_text="Model name sent upstream. Empty: the name that the caller used.",
                        max_length=200,
                    ),
                ),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text="Empty: the provider's own.",
                        max_length=500,
                        validators=[headgate.control.deployments.models.validate_address],
                    ),
                ),
                (
                    "priority",
                    models.IntegerField(
                        default=0, help_text="Higher first, among deployments that serve the same name."
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: shared.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="organizations.organization",
                    ),
                ),
                (
                    "credential",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the environment's.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="deployments.providercredential",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_deployment",
                "ordering": ["name", "-priority"],
            },
        ),
    ]
