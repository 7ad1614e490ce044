"""Database models of projects, runs, history chunks, console output and stored files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.archived_rows import CanBeArchived
from common.data import names
from common.data.fields import JSONTextField
from common.hidden_rows import CanBeHidden, ManyCanBeHidden, hidden_index, refuse_name_of_hidden
from common.own_addresses import with_prefix
from events.ledger import EventScope
from teams.models import Team, User

# Ten years.
MOST_LATE_HOURS = 87_600


class RunState(models.TextChoices):
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")
    CRASHED = "crashed", _("Crashed")
    KILLED = "killed", _("Killed")
    PREEMPTED = "preempted", _("Preempted")
    PENDING = "pending", _("Pending")


class Stream(models.TextChoices):
    """What a run logs: its own metrics, and those of the machine it runs on."""

    HISTORY = "history", _("History")
    SYSTEM = "system", _("System metrics")


class Project(CanBeHidden, CanBeArchived):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=128, validators=[names.project_name])
    # None: none was ever said, which the SDK keeps apart from "".
    description = models.TextField(null=True, blank=True, default="")
    # Late values: projects.history.late_values. A process of the version before knows none: the database says them.
    acts_on_late_values = models.BooleanField(default=False, db_default=False)
    late_after_hours = models.PositiveIntegerField(
        default=24, db_default=24, validators=[MinValueValidator(1), MaxValueValidator(MOST_LATE_HOURS)]
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="one_project_per_team_and_name")]

    def __str__(self) -> str:
        return f"{self.team}/{self.name}"

    def clean(self) -> None:
        refuse_name_of_hidden(self, team=self.team_id, name=self.name)

    def get_absolute_url(self) -> str:
        return with_prefix(f"/{self.team.name}/{quote(self.name)}")

    @property
    def scopes(self) -> list[str]:
        """Where things that happen here happen, widest last."""
        return [f"project:{self.pk}", f"team:{self.team_id}", f"organization:{self.team.organization_id}"]


class Run(ManyCanBeHidden):
    """One training run. `name` is its id in addresses; `display_name` is what people call it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    name = models.CharField(max_length=128, validators=[names.run_id])
    display_name = models.CharField(max_length=255, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    config = JSONTextField(default=dict)
    # The last value of each metric, {"val": {"loss": 1}} as val.loss.
    summary = JSONTextField(default=dict)
    # Those of them that lists show: projects.history.first_metrics.
    first_metrics = JSONTextField(null=True, editable=False)
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
    client_summary = JSONTextField(null=True, editable=False)
    exit_code = models.IntegerField(null=True, blank=True)
    rows_logged = models.PositiveBigIntegerField(default=0)
    # Of the rows as they are stored; None until those of a run from before this was counted are: projects.quota.
    bytes_logged = models.PositiveBigIntegerField(null=True, default=0, editable=False)
    # What was beyond a limit and so is not kept, by part of a post: how often, and the last message.
    left_out = JSONTextField(default=dict, editable=False)
    last_chunk = models.BigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    # Its script said that its machine is being taken away: unless it is done, its end is that, and no failure.
    preempting_at = models.DateTimeField(null=True, blank=True)
    # Where line 0 of a client that began anew stands, by stream: projects.history.stream_offsets.
    line_bases = JSONTextField(default=dict, editable=False)
    # A client began anew under the id of this run, which is over; it runs again at the first that is new.
    is_restarting = models.BooleanField(default=False, editable=False)
    # The highest step (of system metrics and the summary: time) logged, by stream: projects.history.row_identity.
    reached = JSONTextField(default=dict, editable=False)
    # A line number behind all that are taken, by stream: projects.history.writing. Missing where it was not kept yet.
    line_ends = JSONTextField(default=dict, editable=False)
    # Rows that differ from others of their line or step: how many were kept beside these, and what is said of it.
    differing_rows = JSONTextField(default=dict, editable=False)
    # Where it went on from, and with what: the parent of a fork, or a rewind of its own: projects.runs.branching.
    branch = JSONTextField(default=dict, editable=False)
    # What is to be added to the rows of its history for the position of the next: those that a rewind took back.
    positions_skipped = models.PositiveBigIntegerField(default=0, editable=False)
    # Rows that retention removed, by stream: projects.history.row_removal.
    removed_rows = JSONTextField(null=True, editable=False)
    # Who writes a run that several processes share (mode="shared"), by the SDK's client id: projects.runs.writers.
    writers = JSONTextField(default=dict, editable=False)

    # Whether somebody subscribes to what it logs, where it was asked with the row; None where it is to be asked.
    is_heard: bool | None = None

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_run_per_project_and_name")]
        indexes = [
            # projects.runs.lifecycle.mark_crashed: the running ones that went silent.
            models.Index(fields=["state", "heartbeat_at"], name="run_silent"),
            # projects.runs.listing: the newest of a project first, and those that were active last.
            models.Index(fields=["project", "-id"], name="run_newest"),
            models.Index(fields=["project", "-heartbeat_at", "-id"], name="run_active"),
            # projects.quota: what a project's runs take, without reading these.
            models.Index(fields=["project", "bytes_logged"], name="run_bytes"),
            # projects.runs.listing: by name.
            models.Index(fields=["project", "display_name", "id"], name="run_by_name"),
            hidden_index("run"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.name

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}/runs/{quote(self.name)}"

    @property
    def is_hidden(self) -> bool:
        """Whether it, or its project, is being deleted."""
        return self.deletion_id is not None or self.project.deletion_id is not None

    @property
    def stream_key(self) -> str:
        return f"run:{self.pk}"

    @property
    def event_scope(self) -> EventScope:
        """Where events of the run happen; they are judged in their order."""
        return EventScope(team=self.project.team, scopes=self.project.scopes, stream=self.stream_key)

    @property
    def actor(self) -> str:
        """The username that its events name; empty where that person is gone."""
        return self.user.username if self.user else ""

    def client_offset_base(self, stream: str) -> int:
        """Give what is to be added to a client's offset in the stream."""
        found: int = self.line_bases.get(str(stream), 0)
        return found

    @property
    def has_several_writers(self) -> bool:
        """Whether what one client says of the run is not all there is."""
        return bool(self.writers or self.differing_rows or self.branch)

    @property
    def shown_summary(self) -> dict[str, Any]:
        """The summary for people: what the client says, else the last values."""
        found: dict[str, Any] = self.summary if self.client_summary is None else self.client_summary
        return found


class HistoryChunk(models.Model):
    """Rows as a client sent them. `offset` is the line number of the first row.

    It is the client's own, unless another row stands there: then `sent_offset` is the client's. `writer` is the SDK's
    client id where several processes share the run.
    `position` counts the rows of this stream that had arrived before, whatever their offsets: values are
    judged in the order of arrival.
    `lowest` and `highest` are the range of their steps (of system metrics: times; of rows without one: lines).
    A compacted one holds several chunks that came after each other, the last of which it was, in `packed`, and nothing
    in `rows`: its rows are read by `projects.compaction.chunk_parts` alone.
    """

    # Of how many characters the rows were as text, where it was asked for.
    text_length: int | None = None

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks")
    stream = models.CharField(max_length=10, choices=Stream.choices, default=Stream.HISTORY)
    offset = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField()
    row_count = models.PositiveIntegerField()
    # Nullable all: to forbid that, SQLite would write the whole table anew when it is upgraded.
    writer = models.CharField(max_length=64, null=True)
    sent_offset = models.PositiveBigIntegerField(null=True)
    # Copied from the parent of a fork: it was judged there.
    is_copy = models.BooleanField(null=True)
    lowest = models.FloatField(null=True)
    highest = models.FloatField(null=True)
    rows = JSONTextField()
    packed = models.BinaryField(null=True)
    # The id of the first chunk in it, and how many there are.
    first_part = models.BigIntegerField(null=True)
    part_count = models.PositiveIntegerField(null=True)
    # Some rows of them, for charts of long histories.
    sample = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "stream", "offset"], name="one_chunk_per_offset")]
        indexes = [
            # projects.history.reading: the newest chunks of a run first, and sampled reads in order.
            models.Index(fields=["run", "stream", "position"], name="chunk_in_order"),
            # projects.history.step_ranges, row_identity: what holds these steps.
            models.Index(fields=["run", "stream", "lowest", "highest"], name="chunk_steps"),
            # projects.history.row_identity: the same lines of a client again.
            models.Index(
                fields=["run", "stream", "writer", "sent_offset"],
                condition=Q(sent_offset__isnull=False),
                name="chunk_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.stream} {self.offset}"


class RewoundRows(models.Model):
    """The rows that rewinds took back from a run after they were judged, as digests: projects.history.row_tombstone."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="rewound")
    digests = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"{self.run} rewound"


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


class DeletedRun(models.Model):
    """That a run was there: who could delete it may say so again, and is told no more than that it is done."""

    run_id = models.BigIntegerField(unique=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.run_id)


class StoredFile(models.Model):
    """What one or many files of a team hold, kept once. `key` is its name in the storage: projects.file_storage.

    Until `arrived_at` it is not all there. `used_at` is when somebody was last told that it is.
    """

    # Without a team, which is gone: to be freed.
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    md5 = models.CharField(max_length=32, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    key = models.CharField(max_length=80, unique=True)
    # Its content is that of its parts, and nothing lies under its key.
    in_parts = models.BooleanField(default=False)
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


class FilePart(models.Model):
    """A part of a large file, which came by itself (multipart upload) and is stored as a file of its own."""

    whole = models.ForeignKey(StoredFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["whole", "number"], name="one_part_per_whole_and_number")]

    def __str__(self) -> str:
        return f"{self.whole} part {self.number}"


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
