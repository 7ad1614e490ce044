"""Projects, their runs, and what runs logged."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import names
from common.fields import JSONTextField
from teams.models import Team, User


class RunState(models.TextChoices):
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    CRASHED = "crashed", _("Crashed")
    KILLED = "killed", _("Killed")
    PENDING = "pending", _("Pending")


class Stream(models.TextChoices):
    """What a run logs: its own metrics, and those of the machine it runs on."""

    HISTORY = "history", _("History")
    SYSTEM = "system", _("System metrics")


class Project(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=128, validators=[names.project_name])
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_project_per_team_and_name")]

    def __str__(self) -> str:
        return f"{self.team}/{self.name}"

    def get_absolute_url(self) -> str:
        return f"/{self.team.name}/{quote(self.name)}"

    @property
    def scopes(self) -> list[str]:
        """Where things that happen here happen, widest last."""
        return [f"project:{self.pk}", f"team:{self.team_id}", f"organization:{self.team.organization_id}"]


class Run(models.Model):
    """One training run. `name` is its id in addresses; `display_name` is what people call it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    name = models.CharField(max_length=128, validators=[names.run_id])
    display_name = models.CharField(max_length=255, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    config = JSONTextField(default=dict)
    # The last value of each metric, {"val": {"loss": 1}} as val.loss.
    summary = JSONTextField(default=dict)
    tags = JSONTextField(default=list)
    group = models.CharField(max_length=128, blank=True)
    job_type = models.CharField(max_length=64, blank=True)
    notes = models.TextField(blank=True)
    program = models.TextField(blank=True)
    host = models.CharField(max_length=255, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    # What the wandb SDK says of itself and of its machine: config's `_wandb`.
    telemetry = JSONTextField(default=dict, editable=False)
    # The summary as the client has it, where it says one: it may hold more, and less, than the last values logged.
    told_summary = JSONTextField(null=True, editable=False)
    exit_code = models.IntegerField(null=True, blank=True)
    rows_logged = models.PositiveBigIntegerField(default=0)
    last_chunk = models.BigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    # Where line 0 of a client that began anew stands, by stream: projects.lines.
    line_bases = JSONTextField(default=dict, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_run_per_project_and_name")]
        indexes = [
            # projects.services.mark_crashed: the running ones that went silent.
            models.Index(fields=["state", "heartbeat_at"], name="run_silent"),
            # projects.listed: the newest of a project first, and those that were active last.
            models.Index(fields=["project", "-id"], name="run_newest"),
            models.Index(fields=["project", "-heartbeat_at", "-id"], name="run_active"),
            # projects.listed: by name.
            models.Index(fields=["project", "display_name", "id"], name="run_by_name"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.name

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}/runs/{quote(self.name)}"

    @property
    def stream_key(self) -> str:
        return f"run:{self.pk}"

    @property
    def shown_summary(self) -> dict[str, Any]:
        """The summary for people: what the client says, else the last values."""
        found: dict[str, Any] = self.summary if self.told_summary is None else self.told_summary
        return found


class HistoryChunk(models.Model):
    """Rows as a client sent them. `offset` is the client's line number of the first row.

    `position` counts the rows of this stream that had arrived before, whatever their offsets: values are
    judged in the order of arrival.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    stream = models.CharField(max_length=10, choices=Stream.choices, default=Stream.HISTORY)
    offset = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField()
    row_count = models.PositiveIntegerField()
    rows = JSONTextField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "stream", "offset"], name="one_chunk_per_offset")]
        indexes = [
            # projects.history: the newest chunks of a run first, and sampled reads in order.
            models.Index(fields=["run", "stream", "position"], name="chunk_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.stream} {self.offset}"


class OutputChunk(models.Model):
    """Lines that a run printed, from a line number on. The oldest go where a run prints more than is kept."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="output")
    offset = models.PositiveBigIntegerField()
    line_count = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "offset"], name="one_output_chunk_per_offset")]

    def __str__(self) -> str:
        return f"{self.run} output {self.offset}"


class StoredFile(models.Model):
    """What one or many files of a team hold, kept once. `key` is its name in the storage: projects.stored.

    Until `arrived_at` it is not all there. `used_at` is when somebody was last told that it is.
    """

    # Without a team, which is gone: to be freed.
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    md5 = models.CharField(max_length=32, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True)
    used_at = models.DateTimeField(default=timezone.now)
    arrived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "md5"], condition=Q(arrived_at__isnull=False), name="one_content_per_team_and_md5"
            )
        ]

    def __str__(self) -> str:
        return self.md5 or self.key


class RunFile(models.Model):
    """A file of a run, such as config.yaml. That it is named here does not mean that its content is kept."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=512)
    size = models.PositiveBigIntegerField(default=0)
    md5 = models.CharField(max_length=32, blank=True)
    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_file_per_run_and_name")]

    def __str__(self) -> str:
        return f"{self.run} {self.name}"
