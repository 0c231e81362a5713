import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PriceCard",
            fields=[
                ("id", models.CharField(max_length=400, primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=64)),
                ("model", models.CharField(max_length=200)),
                ("active_from", models.DateField(help_text="First UTC day; empty: always.", null=True)),
                ("source", models.CharField(max_length=64)),
                ("priority", models.IntegerField()),
                ("free", models.BooleanField(default=False)),
                ("payload", models.JSONField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "retired_at",
                    models.DateTimeField(
                        help_text="Set when a newer release of the price data no longer has this card; it is not published.",
                        null=True,
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="organizations.organization"
                    ),
                ),
            ],
            options={
                "db_table": "headgate_price_card",
                "ordering": ["provider", "model", "-active_from"],
                "indexes": [models.Index(fields=["provider", "model", "active_from"], name="headgate_card_lookup")],
            },
        ),
    ]
