"""The former tables go; webhooks and Slack channels are rows of the one table, read by what their settings hold."""

from django.db import migrations


def proxy(name, **names):
    options = {"proxy": True, "indexes": [], "constraints": [], **names}
    return migrations.CreateModel(name=name, fields=[], options=options, bases=("integrations.integration",))


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_one_table_of_integrations")]

    operations = [
        migrations.DeleteModel("SlackChannel"),
        migrations.DeleteModel("Webhook"),
        proxy("SlackChannel", verbose_name="Slack channel", verbose_name_plural="Slack channels"),
        proxy("Webhook", verbose_name="webhook", verbose_name_plural="webhooks"),
    ]
