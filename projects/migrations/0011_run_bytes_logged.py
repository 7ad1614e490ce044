from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_run_client_summary")]

    operations = [
        # Without a default at first: the sweep counts runs that are there already (projects.quota).
        migrations.AddField("run", "bytes_logged", models.PositiveBigIntegerField(null=True, editable=False)),
        migrations.AlterField(
            "run", "bytes_logged", models.PositiveBigIntegerField(default=0, null=True, editable=False)
        ),
        migrations.AddIndex("run", models.Index(fields=["project", "bytes_logged"], name="run_bytes")),
    ]
