from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requestlog", "0003_texts")]

    operations = [
        migrations.AddIndex(
            model_name="requestlog",
            index=models.Index(
                condition=models.Q(("outcome", "ok"), _negated=True),
                fields=["outcome", "occurred_at", "request_id"],
                name="headgate_log_otherwise",
            ),
        ),
    ]
