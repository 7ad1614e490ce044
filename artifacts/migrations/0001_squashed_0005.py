"""Artifacts as they stand after 0005_time_to_live: what an empty database runs in place of all of these."""

from __future__ import annotations

import re

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.data.fields


class Migration(migrations.Migration):
    replaces = [
        ("artifacts", "0001_initial"),
        ("artifacts", "0002_uploads_and_files"),
        ("artifacts", "0003_entry_newest"),
        ("artifacts", "0004_upload_parts"),
        ("artifacts", "0005_time_to_live"),
    ]

    initial = True

    dependencies = [
        ("projects", "0001_initial"),
        ("teams", "0001_initial"),
        ("teams", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Registry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9](?:[\\w .-]{0,62}[\\w-])?\\Z",
                                "%(value)r is no usable name: use 1 to 64 letters, digits, dots, hyphens and underscores, and spaces only between them, starting with a letter or digit.",
                            )
                        ],
                    ),
                ),
                ("description", models.TextField(blank=True)),
                (
                    "visibility",
                    models.CharField(
                        choices=[("organization", "Everyone in the organization"), ("restricted", "Only its members")],
                        default="organization",
                        max_length=12,
                    ),
                ),
                ("types", common.data.fields.JSONTextField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="registries", to="teams.organization"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "registries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "name"), name="one_registry_per_organization_and_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeToLivePolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("default_seconds", models.PositiveBigIntegerField(blank=True, null=True)),
                ("members_may_set", models.BooleanField(default=True)),
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="teams.team"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "time to live policies",
            },
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(
                        max_length=128,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(?!\\.{1,2}\\Z)[\\w.-](?:[\\w .-]{0,126}[\\w.-])?\\Z",
                                "%(value)r is no usable name: use 1 to 128 letters, digits, dots, hyphens and underscores, and spaces only between them.",
                            )
                        ],
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        max_length=128,
                        validators=[
                            django.core.validators.RegexValidator(
                                re.compile("^(?!\\.{1,2}\\Z)[\\w.-](?:[\\w .-]{0,126}[\\w.-])?\\Z"),
                                "%(value)r is no usable type: use 1 to 128 letters, digits, dots, hyphens and underscores, and spaces only between them.",
                            )
                        ],
                    ),
                ),
                ("description", models.TextField(blank=True)),
                ("holds_links", models.BooleanField(default=False)),
                ("next_index", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="collections",
                        to="projects.project",
                    ),
                ),
                (
                    "registry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="collections",
                        to="artifacts.registry",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("project__isnull", False), ("registry__isnull", True)),
                            models.Q(("holds_links", True), ("project__isnull", True), ("registry__isnull", False)),
                            _connector="OR",
                        ),
                        name="one_owner_per_collection",
                    ),
                    models.UniqueConstraint(fields=("project", "name"), name="one_collection_per_project_and_name"),
                    models.UniqueConstraint(fields=("registry", "name"), name="one_collection_per_registry_and_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=128)),
                ("description", models.TextField(blank=True)),
                ("metadata", common.data.fields.JSONTextField(default=dict)),
                ("history_step", models.BigIntegerField(blank=True, null=True)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("file_count", models.PositiveIntegerField(default=0)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("ttl_is_inherited", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="artifacts.collection"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "manifest",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.storedfile",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="versions",
                        to="projects.run",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="version_expires"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "digest"), name="one_version_per_collection_and_digest"
                    ),
                    models.UniqueConstraint(
                        fields=("collection", "index"), name="one_version_per_collection_and_index"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CollectionTag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tags", to="artifacts.collection"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("collection", "name"), name="one_tag_per_collection_and_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="artifacts.collection"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="artifacts.version"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [models.Index(fields=["collection", "-id"], name="entry_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "version"), name="one_entry_per_collection_and_version"
                    ),
                    models.UniqueConstraint(fields=("collection", "index"), name="one_entry_per_collection_and_index"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Use",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="projects.run"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uses", to="artifacts.version"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "version"), name="one_use_per_run_and_version")],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("client_id", models.CharField(blank=True, max_length=255)),
                ("digest", models.CharField(max_length=128)),
                ("description", models.TextField(blank=True)),
                ("metadata", common.data.fields.JSONTextField(default=dict)),
                ("aliases", common.data.fields.JSONTextField(default=list)),
                ("tags", common.data.fields.JSONTextField(default=list)),
                ("history_step", models.BigIntegerField(null=True)),
                ("ttl_seconds", models.PositiveBigIntegerField(blank=True, null=True)),
                ("manifest_md5", models.CharField(blank=True, max_length=32)),
                (
                    "manifest_type",
                    models.CharField(
                        choices=[
                            ("full", "All files of the version"),
                            ("incremental", "What is added to the newest version"),
                            ("patch", "What one of several runs adds"),
                        ],
                        default="full",
                        max_length=11,
                    ),
                ),
                ("distributed_id", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="artifacts.collection"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="uploads",
                        to="projects.run",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="artifacts.version",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("version__isnull", True), models.Q(("distributed_id", ""), _negated=True)),
                        fields=["collection", "distributed_id"],
                        name="upload_parts",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("client_id", ""), _negated=True),
                        fields=("collection", "client_id"),
                        name="one_upload_per_client_id",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VersionFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=1024)),
                ("digest", models.CharField(blank=True, max_length=1024)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("reference", models.TextField(blank=True)),
                (
                    "content",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.storedfile",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="files", to="artifacts.version"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "path"), name="one_file_per_version_and_path")
                ],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tags", to="artifacts.entry"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("entry", "name"), name="one_tag_per_entry_and_name")],
            },
        ),
        migrations.CreateModel(
            name="Alias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="aliases", to="artifacts.collection"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="aliases", to="artifacts.entry"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "aliases",
                "constraints": [
                    models.UniqueConstraint(fields=("collection", "name"), name="one_alias_per_collection_and_name")
                ],
            },
        ),
    ]
