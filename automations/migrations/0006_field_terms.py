"""The field's own terms: cooldown, window state, notify on recovery, delivered, suppressed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("automations", "0005_readable_addresses")]

    operations = [
        migrations.RemoveConstraint("rest", "one_rest_per_subject"),
        migrations.RemoveConstraint("memory", "one_memory_per_subject"),
        migrations.RenameModel("Rest", "Cooldown"),
        migrations.RenameModel("Memory", "WindowState"),
        migrations.RenameField("cooldown", "skipped", "suppressed"),
        migrations.RenameField("automation", "rest_seconds", "cooldown_seconds"),
        migrations.RenameField("automation", "recovery", "notify_on_recovery"),
        migrations.AlterField(
            "cooldown",
            "automation",
            models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="cooldowns", to="automations.automation"),
        ),
        migrations.AlterField(
            "windowstate",
            "automation",
            models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="window_states", to="automations.automation"),
        ),
        migrations.AddConstraint(
            "cooldown",
            models.UniqueConstraint(fields=["automation", "subject"], name="one_cooldown_per_subject"),
        ),
        migrations.AddConstraint(
            "windowstate",
            models.UniqueConstraint(fields=["automation", "subject"], name="one_window_state_per_subject"),
        ),
        migrations.AlterField(
            "execution",
            "state",
            models.CharField(
                choices=[
                    ("pending", "Pending"),
                    ("delivered", "Delivered"),
                    ("failed", "Failed"),
                    ("suppressed", "Suppressed"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
    ]
