"""Addresses are kept as people read them from now on (common.data.fields.AddressField)."""

from urllib.parse import unquote

from django.db import migrations


def unquote_all(apps, schema_editor):
    Execution = apps.get_model("automations", "Execution")
    for row in Execution.objects.filter(subject_url__contains="%").only("subject_url").iterator():
        Execution.objects.filter(pk=row.pk).update(subject_url=unquote(row.subject_url))


class Migration(migrations.Migration):
    dependencies = [("automations", "0004_history_by_state")]

    operations = [migrations.RunPython(unquote_all, migrations.RunPython.noop)]
