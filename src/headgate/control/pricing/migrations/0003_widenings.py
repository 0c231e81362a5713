from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0002_cards_never_change"),
    ]

    operations = [
        migrations.CreateModel(
            name="Widening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(help_text="As price cards name it.", max_length=64)),
                ("model", models.CharField(help_text="As sent upstream.", max_length=256)),
                ("factor_ppm", models.IntegerField(help_text="Millionths, above 1,000,000.")),
                ("seen_at", models.DateTimeField(help_text="When it last grew.")),
                ("event_id", models.CharField(help_text="The cost event that it last grew by.", max_length=120)),
            ],
            options={
                "db_table": "headgate_widening",
                "ordering": ["-seen_at", "provider", "model"],
                "constraints": [
                    models.UniqueConstraint(fields=("provider", "model"), name="headgate_widening_model"),
                    models.CheckConstraint(
                        condition=models.Q(("factor_ppm__gt", 1000000)), name="headgate_widening_grows"
                    ),
                ],
            },
        ),
    ]
