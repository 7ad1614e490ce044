from __future__ import annotations

from typing import Any

from django.db import migrations, models


def keep_those_in_use(apps: Any, schema_editor: Any) -> None:
    """Addresses of people who are here already are in use, so they count as confirmed."""
    User = apps.get_model("teams", "User")
    User.objects.using(schema_editor.connection.alias).exclude(email="").update(confirmed_email=models.F("email"))


class Migration(migrations.Migration):
    dependencies = [("teams", "0021_key_handover")]

    operations = [
        migrations.AddField(
            "user",
            "confirmed_email",
            models.EmailField(
                blank=True, default="", editable=False, max_length=254, verbose_name="confirmed e-mail address"
            ),
        ),
        migrations.RunPython(keep_those_in_use, migrations.RunPython.noop),
    ]
