from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_cost_events_never_change")]

    operations = [
        migrations.AddField(
            model_name="costevent",
            name="kept_id",
            field=models.TextField(null=True, help_text="The provider's id of a kept answer."),
        ),
        migrations.AddIndex(
            model_name="costevent",
            index=models.Index(
                condition=models.Q(("kept_id__isnull", False)), fields=["kept_id"], name="headgate_event_kept"
            ),
        ),
    ]
