from django.db import migrations

import common.data.fields


class Migration(migrations.Migration):
    dependencies = [("projects", "0012_run_left_out")]

    operations = [
        # Filled by the sweep for runs that are there already; until then lists read their summaries.
        migrations.AddField("run", "first_metrics", common.data.fields.JSONTextField(null=True, editable=False)),
    ]
