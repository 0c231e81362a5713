import django.core.validators
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
            name="RateLimit",
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
                    "scope",
                    models.CharField(
                        choices=[
                            ("organization", "Organization"),
                            ("key", "Virtual key"),
                            ("user", "User"),
                            ("model", "Model"),
                            ("deployment", "Deployment"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True,
                        help_text="Id of the key, organization or deployment, external id of the user, or public name of the model. Empty: each of them has a limit of its own.",
                        max_length=256,
                    ),
                ),
                (
                    "requests_per_minute",
                    models.BigIntegerField(
                        blank=True,
                        help_text="In any 60 seconds.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Give 1 or more, or nothing for no limit."),
                            django.core.validators.MaxValueValidator(
                                1000000000000, "Give at most 1,000,000,000,000, or nothing for no limit."
                            ),
                        ],
                        verbose_name="requests per minute",
                    ),
                ),
                (
                    "tokens_per_minute",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Input and output, in any 60 seconds.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Give 1 or more, or nothing for no limit."),
                            django.core.validators.MaxValueValidator(
                                1000000000000, "Give at most 1,000,000,000,000, or nothing for no limit."
                            ),
                        ],
                        verbose_name="tokens per minute",
                    ),
                ),
                (
                    "concurrency",
                    models.BigIntegerField(
                        blank=True,
                        help_text="Answers that still stream count.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1, "Give 1 or more, or nothing for no limit."),
                            django.core.validators.MaxValueValidator(
                                1000000000000, "Give at most 1,000,000,000,000, or nothing for no limit."
                            ),
                        ],
                        verbose_name="requests at once",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: inside every organization, each counted for itself.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_rate_limit",
                "ordering": ["name", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("requests_per_minute", None),
                            ("requests_per_minute__range", (1, 1000000000000)),
                            _connector="OR",
                        ),
                        name="headgate_rate_limit_requests",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tokens_per_minute", None),
                            ("tokens_per_minute__range", (1, 1000000000000)),
                            _connector="OR",
                        ),
                        name="headgate_rate_limit_tokens",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("concurrency", None), ("concurrency__range", (1, 1000000000000)), _connector="OR"
                        ),
                        name="headgate_rate_limit_concurrency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("concurrency", None),
                            ("requests_per_minute", None),
                            ("tokens_per_minute", None),
                            _negated=True,
                        ),
                        name="headgate_rate_limit_something",
                    ),
                ],
            },
        ),
    ]
