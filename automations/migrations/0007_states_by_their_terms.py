"""Executions are delivered or suppressed, no longer finished or skipped. Apart: PostgreSQL takes data and schema singly."""

from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Concat, Substr


def say_states_anew(apps, schema_editor):
    Execution = apps.get_model("automations", "Execution")
    Execution.objects.filter(state="finished").update(state="delivered")
    Execution.objects.filter(state="skipped").update(state="suppressed")
    # What is suppressed later for the same cooldown is counted where the reason is the same.
    resting = Execution.objects.filter(state="suppressed", reason__startswith="Resting: ")
    resting.update(reason=Concat(Value("Cooldown: "), Substr("reason", len("Resting: ") + 1), output_field=models.CharField()))


def say_states_as_before(apps, schema_editor):
    Execution = apps.get_model("automations", "Execution")
    Execution.objects.filter(state="delivered").update(state="finished")
    Execution.objects.filter(state="suppressed").update(state="skipped")


class Migration(migrations.Migration):
    dependencies = [("automations", "0006_field_terms")]

    operations = [migrations.RunPython(say_states_anew, say_states_as_before)]
