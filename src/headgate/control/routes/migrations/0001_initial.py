import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import headgate.control.identifiers
import headgate.control.routes.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0002_task_timeouts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Route",
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
                        help_text="What callers write as the model. It goes before a deployment of the same name.",
                        max_length=200,
                        validators=[headgate.control.routes.models.validate_name],
                    ),
                ),
                (
                    "strategy",
                    models.CharField(
                        choices=[
                            ("priority", "Priority: as listed"),
                            ("weighted", "Weighted: by chance, in proportion to the weights"),
                            ("latency", "Latency: the one that answered soonest lately"),
                            ("cost", "Cost: the one whose upper bound is lowest"),
                            ("split", "Split: an A/B test by weight, with sticky assignment"),
                        ],
                        default="priority",
                        max_length=16,
                    ),
                ),
                (
                    "sticky_by",
                    models.CharField(
                        choices=[
                            ("user", "End user, or the key where none is named"),
                            ("key", "Virtual key"),
                            ("request", "Nothing: every request anew"),
                        ],
                        default="user",
                        help_text="Of a split.",
                        max_length=16,
                        verbose_name="assigned by",
                    ),
                ),
                (
                    "retries",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="At the same deployment, before the next one is tried. Empty: as the installation's settings say.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(10)],
                    ),
                ),
                (
                    "hedge_after_ms",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="When no answer has begun by then, the next deployment is asked too, and both may be billed. Empty: never.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(600000),
                        ],
                        verbose_name="hedge after (ms)",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: shared, for every organization that may use shared deployments.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "headgate_route",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Arm",
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
                ("position", models.PositiveIntegerField(default=1, help_text="Lower first.")),
                (
                    "name",
                    models.CharField(blank=True, help_text="In reports. Empty: the model's name.", max_length=100),
                ),
                (
                    "model",
                    models.CharField(
                        help_text="Public name: a deployment's, <provider>/<model>, or a bare model name.",
                        max_length=256,
                        validators=[headgate.control.routes.models.validate_name],
                    ),
                ),
                (
                    "weight",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="Its share beside the others' weights.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000000),
                        ],
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="arms", to="routes.route"
                    ),
                ),
            ],
            options={
                "db_table": "headgate_route_arm",
                "ordering": ["route", "position", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.UniqueConstraint(
                fields=("organization", "name"),
                name="headgate_route_once",
                violation_error_message="The organization has a route of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="route",
            constraint=models.UniqueConstraint(
                condition=models.Q(("organization", None)),
                fields=("name",),
                name="headgate_route_shared_once",
                violation_error_message="There is a shared route of this name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="arm",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__range", (1, 1000000))), name="headgate_route_arm_weight"
            ),
        ),
    ]
