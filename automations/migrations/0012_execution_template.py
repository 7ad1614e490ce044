from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from common.data.fields import JSONTextField


class Migration(migrations.Migration):
    dependencies = [("automations", "0011_hidden_while_deleted")]

    operations = [
        migrations.CreateModel(
            name="ExecutionTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("action", JSONTextField()),
                ("variables", JSONTextField()),
                ("filled", JSONTextField()),
                ("derived", JSONTextField()),
                (
                    "automation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="automations.automation"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("automation", "digest"), name="one_template_per_automation_and_digest"
                    )
                ]
            },
        ),
        migrations.AddField(
            "execution",
            "template",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="automations.executiontemplate",
            ),
        ),
        # The columns keep their names: nothing to do in the database.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("execution", "action", "kept_action"),
                migrations.RenameField("execution", "variables", "kept_variables"),
                migrations.AlterField("execution", "kept_action", JSONTextField(db_column="action", default=dict)),
                migrations.AlterField("execution", "kept_variables", JSONTextField(db_column="variables", default=dict)),
            ]
        ),
    ]
