"""How many automations subscribe to an event; the index of a backtest by what it holds."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0003_event_leased")]

    operations = [
        migrations.RenameField("subscription", "listeners", "subscribers"),
        migrations.RenameIndex("event", new_name="event_of_kind", old_name="event_look_back"),
    ]
