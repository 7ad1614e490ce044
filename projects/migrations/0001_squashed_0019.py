"""Projects as they stand after 0019_run_preempted: what an empty database runs in place of all of these."""

from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.data.fields
import common.data.names


class Migration(migrations.Migration):
    replaces = [
        ("projects", "0001_initial"),
        ("projects", "0002_run_told_by_its_sdk"),
        ("projects", "0003_run_stop_requested"),
        ("projects", "0004_run_output"),
        ("projects", "0005_run_files"),
        ("projects", "0006_run_line_bases"),
        ("projects", "0007_stored_files"),
        ("projects", "0008_run_lists"),
        ("projects", "0009_run_by_name"),
        ("projects", "0010_run_client_summary"),
        ("projects", "0011_run_bytes_logged"),
        ("projects", "0012_run_left_out"),
        ("projects", "0013_run_first_metrics"),
        ("projects", "0014_history_chunk_steps"),
        ("projects", "0015_fill_chunk_steps"),
        ("projects", "0016_wide_names"),
        ("projects", "0017_file_parts"),
        ("projects", "0018_deleted_run"),
        ("projects", "0019_run_preempted"),
    ]

    initial = True

    dependencies = [
        ("teams", "0001_initial"),
        ("teams", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeletedRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("run_id", models.BigIntegerField(unique=True)),
                (
                    "team",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128, validators=[common.data.names.project_name])),
                ("description", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="projects", to="teams.team"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("team", "name"), name="one_project_per_team_and_name")],
            },
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("md5", models.CharField(blank=True, max_length=32)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("in_parts", models.BooleanField(default=False)),
                ("used_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("arrived_at", models.DateTimeField(null=True)),
                (
                    "team",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="teams.team"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("arrived_at__isnull", False)),
                        fields=("team", "md5"),
                        name="one_content_per_team_and_md5",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128, validators=[common.data.names.run_id])),
                ("display_name", models.CharField(blank=True, max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("crashed", "Crashed"),
                            ("killed", "Killed"),
                            ("preempted", "Preempted"),
                            ("pending", "Pending"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("config", common.data.fields.JSONTextField(default=dict)),
                ("summary", common.data.fields.JSONTextField(default=dict)),
                ("first_metrics", common.data.fields.JSONTextField(editable=False, null=True)),
                ("tags", common.data.fields.JSONTextField(default=list)),
                ("group", models.CharField(blank=True, max_length=128)),
                ("job_type", models.CharField(blank=True, max_length=64)),
                ("notes", models.TextField(blank=True)),
                ("program", models.TextField(blank=True)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("telemetry", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("client_summary", common.data.fields.JSONTextField(editable=False, null=True)),
                ("exit_code", models.IntegerField(blank=True, null=True)),
                ("rows_logged", models.PositiveBigIntegerField(default=0)),
                ("bytes_logged", models.PositiveBigIntegerField(default=0, editable=False, null=True)),
                ("left_out", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("last_chunk", models.BigIntegerField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("heartbeat_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("stop_requested_at", models.DateTimeField(blank=True, null=True)),
                ("preempting_at", models.DateTimeField(blank=True, null=True)),
                ("line_bases", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("is_restarting", models.BooleanField(default=False, editable=False)),
                ("reached", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("differing_rows", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("branch", common.data.fields.JSONTextField(default=dict, editable=False)),
                ("positions_skipped", models.PositiveBigIntegerField(default=0, editable=False)),
                ("writers", common.data.fields.JSONTextField(default=dict, editable=False)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="projects.project"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "heartbeat_at"], name="run_silent"),
                    models.Index(fields=["project", "-id"], name="run_newest"),
                    models.Index(fields=["project", "-heartbeat_at", "-id"], name="run_active"),
                    models.Index(fields=["project", "bytes_logged"], name="run_bytes"),
                    models.Index(fields=["project", "display_name", "id"], name="run_by_name"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "name"), name="one_run_per_project_and_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="FilePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "content",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.storedfile"
                    ),
                ),
                (
                    "whole",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="projects.storedfile"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("whole", "number"), name="one_part_per_whole_and_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="OutputChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("offset", models.PositiveBigIntegerField()),
                ("line_count", models.PositiveIntegerField()),
                ("text", models.TextField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="output", to="projects.run"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "offset"), name="one_output_chunk_per_offset")],
            },
        ),
        migrations.CreateModel(
            name="HistoryChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stream",
                    models.CharField(
                        choices=[("history", "History"), ("system", "System metrics")], default="history", max_length=10
                    ),
                ),
                ("offset", models.PositiveBigIntegerField()),
                ("position", models.PositiveBigIntegerField()),
                ("row_count", models.PositiveIntegerField()),
                ("writer", models.CharField(max_length=64, null=True)),
                ("sent_offset", models.PositiveBigIntegerField(null=True)),
                ("is_copy", models.BooleanField(null=True)),
                ("lowest", models.FloatField(null=True)),
                ("highest", models.FloatField(null=True)),
                ("rows", common.data.fields.JSONTextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="chunks", to="projects.run"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["run", "stream", "position"], name="chunk_in_order"),
                    models.Index(fields=["run", "stream", "lowest", "highest"], name="chunk_steps"),
                    models.Index(
                        condition=models.Q(("sent_offset__isnull", False)),
                        fields=["run", "stream", "writer", "sent_offset"],
                        name="chunk_sent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "stream", "offset"), name="one_chunk_per_offset")
                ],
            },
        ),
        migrations.CreateModel(
            name="RunFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=512)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("md5", models.CharField(blank=True, max_length=32)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("uploaded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="projects.run"
                    ),
                ),
                (
                    "content",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.storedfile",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "name"), name="one_file_per_run_and_name")],
            },
        ),
    ]
