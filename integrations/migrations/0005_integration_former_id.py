"""A number of an integration's own from before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_integration")]

    operations = [
        migrations.AddField("integration", "former_id", models.PositiveBigIntegerField(blank=True, editable=False, null=True)),
    ]
