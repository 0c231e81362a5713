import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0001_initial"),
        ("organizations", "0002_task_timeouts"),
    ]

    operations = [
        migrations.AddField(
            model_name="deployment",
            name="api_version",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Azure: calls the classic addresses (/openai/deployments/...). Empty: those under /openai/v1.",
                max_length=40,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[0-9A-Za-z.-]+$", "Write it like 2024-10-21 or 2025-04-01-preview."
                    )
                ],
                verbose_name="API version",
            ),
        ),
        migrations.AddField(
            model_name="deployment",
            name="format",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="The one wire format that is spoken here. Empty: any that the provider speaks.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="deployment",
            name="timeout_ms",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="For one attempt, until its answer begins (streamed) or is whole. Empty: the installation's.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(3600000),
                ],
                verbose_name="time limit (ms)",
            ),
        ),
        migrations.AddField(
            model_name="deployment",
            name="weight",
            field=models.PositiveIntegerField(
                db_default=1,
                default=1,
                help_text="Share of the requests, beside deployments of the same name and priority.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1000000),
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="deployment",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__range", (1, 1000000))), name="headgate_deployment_weight"
            ),
        ),
    ]
