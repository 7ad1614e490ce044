"""Indexes of tables with rows: made while others write."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from common.concurrent_index import AddIndexConcurrently
from projects.models import Project

# The last of each app before the rule; those after it keep to it.
_BEFORE = {
    "artifacts": 8, "automations": 10, "events": 6, "integrations": 9, "operations": 1, "projects": 20,
    "registries": 1, "secrets_vault": 2, "teams": 22,
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_index_is_made_again_after_it_broke_off_and_taken_back() -> None:
    index = models.Index(fields=["description"], name="project_described")
    operation = AddIndexConcurrently("project", index)
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation.state_forwards("projects", after)
    with connection.schema_editor(atomic=False) as editor:
        if connection.vendor == "postgresql":
            # What CREATE INDEX CONCURRENTLY leaves when it is stopped.
            editor.execute("CREATE INDEX project_described ON projects_project (id)")
        operation.database_forwards("projects", editor, before, after)
    assert _columns("project_described") == ["description"]

    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("projects", editor, after, before)
    assert _columns("project_described") is None


def test_later_migrations_lock_no_table_for_an_index() -> None:
    loader = MigrationLoader(None)
    locking = []
    for (app, name), migration in loader.disk_migrations.items():
        if app in _BEFORE and int(name[:4]) > _BEFORE[app]:
            new = {one.name_lower for one in migration.operations if isinstance(one, migrations.CreateModel)}
            plain = [one for one in migration.operations if type(one) is migrations.AddIndex]
            locking += [f"{app}.{name}" for one in plain if one.model_name_lower not in new]
    assert locking == [], "Use common.concurrent_index.AddIndexConcurrently"


def _columns(name: str) -> Any:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Project._meta.db_table)
    return found[name]["columns"] if name in found else None
