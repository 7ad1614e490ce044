"""Database models of running an installation: recurring jobs, the operator's alarms, retention, archives."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from common.data.fields import JSONTextField
from projects.models import Project, StoredFile
from teams.models import ApiKey, Team, User


class RecurringJob(models.Model):
    """When something that is done again and again, once for all processes of all hosts, is due next."""

    name = models.CharField(max_length=60, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Alarm(models.Model):
    """Something of the installation that its operator should see to. `key` names the matter; of one matter one is open.

    `untold` are the channels that have not taken yet what there is to say: that it is so, or that it no longer is.
    """

    key = models.CharField(max_length=120)
    text = models.CharField(max_length=1000)
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    untold = JSONTextField(default=list)
    tried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(settled_at__isnull=True), name="one_open_alarm_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


class HostKeys(models.Model):
    """Fingerprints of the keys that a host has, and when it said so last (operations.checks.key_fingerprints)."""

    host = models.CharField(max_length=64)
    secret_key = models.CharField(max_length=32)
    # With spaces between; the first is that of the key that encrypts.
    vault_keys = models.CharField(max_length=1000)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "secret_key", "vault_keys"], name="one_row_per_host_and_keys")
        ]

    def __str__(self) -> str:
        return f"{self.host} at {self.seen_at}"


class RetentionProgress(models.Model):
    """How far the removal of one kind has come: behind which id it goes on, and when."""

    kind = models.CharField(max_length=40, primary_key=True)
    after = models.BigIntegerField(default=0)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} after {self.after}"


class WalkProgress(models.Model):
    """How far a walk through a table has come: behind which id it goes on, and when (`operations.compaction`)."""

    name = models.CharField(max_length=40, primary_key=True)
    after = models.BigIntegerField(default=0)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} after {self.after}"


class TeamRetention(models.Model):
    """For how many days a team keeps a kind, where these are fewer than the installation's."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    days = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "kind"], name="one_retention_per_team_and_kind")]

    def __str__(self) -> str:
        return f"{self.team}: {self.kind} {self.days} days"


class ProjectUsage(models.Model):
    """What a project kept on a day, so that growth can be told. Kept for a little more than a month."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    row_count = models.PositiveBigIntegerField()
    bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "day"], name="one_usage_per_project_and_day")]

    def __str__(self) -> str:
        return f"{self.project} on {self.day}"


class ArchiveJob(models.Model):
    """An export that somebody asked for, or an archive that somebody sent to be imported: done in the background.

    `content` is the archive. `report` says what came of it: of an export its manifest.
    """

    EXPORT, IMPORT = "export", "import"

    kind = models.CharField(max_length=10)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    # None: all of the team.
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=300)
    format = models.CharField(max_length=10, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    # What they showed, where it was a key: the job may no more than that, and ends with it.
    key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+")
    is_by_key = models.BooleanField(default=False, db_default=False)
    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    size = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    report = JSONTextField(default=dict)
    problem = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # operations.archives.archive_jobs: what waits.
            models.Index(fields=["id"], condition=Q(finished_at__isnull=True), name="archive_job_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.name}"
