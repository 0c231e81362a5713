from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_kept_answers")]

    operations = [
        migrations.AddIndex(
            model_name="costevent",
            index=models.Index(
                condition=models.Q(("outcome", "ok"), _negated=True),
                fields=["outcome", "occurred_at", "event_id"],
                name="headgate_event_otherwise",
            ),
        ),
    ]
