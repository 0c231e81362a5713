from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("requestlog", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="requestlog",
            name="route",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="requestlog",
            name="arm",
            field=models.TextField(null=True),
        ),
        # With a default in the database, so that the rows of a version that does not know the column are taken.
        migrations.AddField(
            model_name="requestlog",
            name="tries",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddIndex(
            model_name="requestlog",
            index=models.Index(
                condition=models.Q(("route__isnull", False)),
                fields=["route", "occurred_at"],
                name="headgate_log_route_time",
            ),
        ),
    ]
