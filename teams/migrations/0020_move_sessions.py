from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

# How long Django let a session last from its last change on.
_LASTED = timedelta(days=14)
_AT_ONCE = 1000


def move(apps: Any, _schema_editor: object) -> None:
    """Who is signed in stays so. Of a session that cannot be read nobody is signed in, so it is left."""
    old, new = apps.get_model("sessions", "Session").objects, apps.get_model("teams", "UserSession")
    people = {str(pk) for pk in apps.get_model("teams", "User").objects.values_list("pk", flat=True)}
    now, store = timezone.now(), SessionStore()
    rows = []
    for row in old.filter(expire_date__gt=now).iterator(_AT_ONCE):
        person = str(store.decode(row.session_data).get(SESSION_KEY, ""))
        if person in people:
            begun = min(now, row.expire_date - _LASTED)
            rows.append(
                new(
                    session_key=row.session_key,
                    session_data=row.session_data,
                    expire_date=row.expire_date,
                    user_id=int(person),
                    begun_at=begun,
                    last_seen_at=now,
                )
            )
    new.objects.bulk_create(rows, batch_size=_AT_ONCE, ignore_conflicts=True)
    old.all().delete()


class Migration(migrations.Migration):
    dependencies = [("teams", "0019_user_session"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop, elidable=True)]
