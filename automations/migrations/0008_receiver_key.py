"""Where something goes is named by the key of its receiver."""

from django.db import migrations, models
from django.db.models import Q


# What is due, by receiver; and the history of one, the newest first.
INDEXES = (
    models.Index(
        fields=["receiver_key", "next_attempt_at", "id"], condition=Q(state="pending"), name="execution_pending"
    ),
    models.Index(fields=["receiver_key", "-id"], name="execution_of_receiver"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("automations", "0007_states_by_their_terms"),
        # It speaks of the columns by their former name.
        ("integrations", "0006_one_table_of_integrations"),
    ]

    operations = [
        migrations.RemoveIndex("execution", "execution_pending"),
        migrations.RemoveIndex("execution", "execution_of_target"),
        migrations.RenameField("automation", "target", "receiver_key"),
        migrations.RenameField("execution", "target", "receiver_key"),
        *(migrations.AddIndex("execution", index) for index in INDEXES),
    ]
