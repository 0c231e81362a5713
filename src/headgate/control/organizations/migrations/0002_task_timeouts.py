from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="task_timeouts_ms",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="Task and milliseconds, for one attempt, until its answer begins (streamed) or is whole.",
                verbose_name="time limits of tasks",
            ),
        ),
    ]
