import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import headgate.control.identifiers
import headgate.control.policies.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("budgets", "0002_windows"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Policy",
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
                        help_text="Refusals and the request log call it by this name.",
                        max_length=100,
                        validators=[headgate.control.policies.models.validate_name],
                    ),
                ),
                ("enabled", models.BooleanField(default=True, help_text="Switched off, it says nothing.")),
                (
                    "shadow",
                    models.BooleanField(
                        default=False, help_text="Writes into the request log what it would block, and blocks nothing."
                    ),
                ),
                ("allowed_models", models.JSONField(blank=True, default=list)),
                ("blocked_models", models.JSONField(blank=True, default=list)),
                ("allowed_providers", models.JSONField(blank=True, default=list)),
                ("allowed_tasks", models.JSONField(blank=True, default=list)),
                ("required_attribution", models.JSONField(blank=True, default=list)),
                (
                    "max_tokens_per_request",
                    models.BigIntegerField(
                        blank=True,
                        help_text="The most tokens that one request may take, input and output together. A request without a limit on its output is blocked. Empty: any number.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(
                                1, "Give 1 or more tokens, or nothing for any number."
                            ),
                            django.core.validators.MaxValueValidator(
                                9223372036854775807,
                                "Give at most 9,223,372,036,854,775,807 tokens, or nothing for any number.",
                            ),
                        ],
                        verbose_name="maxTokensPerReq",
                    ),
                ),
                (
                    "max_cost_per_request_eur",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="The most that one request may cost, in EUR, known before it leaves. Empty: anything.",
                        max_digits=15,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(
                                0, "Give 0 or more, or nothing for no limit. 0 leaves what is free."
                            )
                        ],
                        verbose_name="maxCostPerReqEur",
                    ),
                ),
                (
                    "max_cost_per_day_eur",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="The most that the organization may spend in a day, in EUR. Held like every budget, so that it is never overdrawn. Empty: anything.",
                        max_digits=15,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(
                                0, "Give 0 or more, or nothing for no limit. 0 leaves what is free."
                            )
                        ],
                        verbose_name="maxCostPerDayEur",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        help_text="Whose day maxCostPerDayEur means, for example Europe/Berlin.",
                        max_length=64,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "budget",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="budgets.budget",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organizations.organization"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "policies",
                "db_table": "headgate_policy",
                "ordering": ["organization", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "name"), name="headgate_policy_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_tokens_per_request", None),
                            models.Q(
                                ("max_tokens_per_request__gte", 1), ("max_tokens_per_request__lte", 9223372036854775807)
                            ),
                            _connector="OR",
                        ),
                        name="headgate_policy_tokens",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_cost_per_request_eur", None), ("max_cost_per_request_eur__gte", 0), _connector="OR"
                        ),
                        name="headgate_policy_cost",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_cost_per_day_eur", None), ("max_cost_per_day_eur__gte", 0), _connector="OR"
                        ),
                        name="headgate_policy_day",
                    ),
                ],
            },
        ),
    ]
