from __future__ import annotations

from typing import Any

from django.db import migrations

from teams.sessions.hashed_sessions import hashed


def hash_keys(apps: Any, _schema_editor: object) -> None:
    """Who is signed in stays so: their browsers show the key, and its hash is what is found."""
    rows = apps.get_model("sessions", "Session").objects
    for key in list(rows.values_list("session_key", flat=True)):
        rows.filter(session_key=key).update(session_key=hashed(key))


class Migration(migrations.Migration):
    dependencies = [("teams", "0009_user_must_change_password"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(hash_keys, migrations.RunPython.noop, elidable=True)]
