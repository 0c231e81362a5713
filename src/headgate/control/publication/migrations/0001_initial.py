from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("revision", models.BigIntegerField(primary_key=True, serialize=False)),
                ("key_hash", models.CharField(max_length=64, null=True)),
            ],
            options={
                "db_table": "headgate_publication",
            },
        ),
        migrations.CreateModel(
            name="PublicationHead",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("revision", models.BigIntegerField()),
            ],
            options={
                "db_table": "headgate_publication_head",
            },
        ),
        migrations.CreateModel(
            name="PublishedKey",
            fields=[
                ("key_hash", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("payload", models.BinaryField()),
            ],
            options={
                "db_table": "headgate_published_key",
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("revision", models.BigIntegerField(primary_key=True, serialize=False)),
                ("payload", models.BinaryField()),
            ],
            options={
                "db_table": "headgate_snapshot",
            },
        ),
    ]
