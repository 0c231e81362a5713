from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0002_task_timeouts"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="members_may_create_keys",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Every member may make virtual keys at /account/ that are locked to him. Switched off, only admins make keys.",
                verbose_name="members may create keys",
            ),
        ),
    ]
