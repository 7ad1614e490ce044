"""What nobody described was kept as "", and the SDK was told null of it: it stays so."""

from django.db import migrations

_DESCRIBED = ("collection", "version", "upload")


def forget(apps, schema_editor):
    for name in _DESCRIBED:
        apps.get_model("artifacts", name).objects.filter(description="").update(description=None)


def say_nothing(apps, schema_editor):
    for name in (*_DESCRIBED, "registry"):
        apps.get_model("artifacts", name).objects.filter(description=None).update(description="")


class Migration(migrations.Migration):
    dependencies = [("artifacts", "0006_descriptions_may_be_none")]

    operations = [migrations.RunPython(forget, say_nothing, elidable=True)]
