from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

# Django makes one for each foreign key, and on PostgreSQL one for LIKE beside each unique text. Others begin with the
# same column, or nobody asks.
_NEEDLESS = {
    "automations_execution": ("automation_id", "delivery_id"),
    "automations_attempt": ("execution_id",),
}


def drop_indexes(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    for table, columns in _NEEDLESS.items():
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, table)
        for name, found in constraints.items():
            is_index = found["index"] and not found["unique"] and not found["primary_key"]
            if is_index and len(found["columns"]) == 1 and found["columns"][0] in columns:
                schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [("automations", "0012_execution_template")]

    operations = [
        # Not by AlterField: SQLite would write the whole table anew.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_indexes, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    "execution",
                    "automation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="executions",
                        to="automations.automation",
                    ),
                ),
                migrations.AlterField(
                    "attempt",
                    "execution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="automations.execution",
                    ),
                ),
            ],
        ),
    ]
