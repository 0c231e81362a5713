from django.db import migrations

# Windows are made by hand, and so are their indexes; in this order their list is shown.
CREATE = "CREATE INDEX headgate_window_start ON headgate_window (starts_at DESC, id)"


class Migration(migrations.Migration):
    dependencies = [("budgets", "0004_budgets_of_organizations_own")]
    operations = [migrations.RunSQL(CREATE, "DROP INDEX headgate_window_start")]
