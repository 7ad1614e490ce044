"""Models: automations, executions, attempts, cooldowns, window states and silences."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from artifacts.models import Collection, Registry
from common.data.fields import AddressField, JSONTextField
from common.hidden_rows import CanBeHidden
from common.own_addresses import with_prefix
from events.models import Event
from projects.models import Project, Run
from teams.models import Organization, Team, User

DAY_SECONDS = 24 * 3600
# Executions of one automation in a minute.
RATE_LIMIT = 60


class ExecutionState(models.TextChoices):
    """Where an execution stands."""

    PENDING = "pending", _("Pending")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    SUPPRESSED = "suppressed", _("Suppressed")


class Automation(CanBeHidden):
    """When an event happens in a scope and every condition holds, act.

    `scope` is the one place it listens in (`project:7`), `scope_type` and `scope_name` what people call it; the
    foreign keys say what it ends with. `team` owns what the action uses. `receiver_key` is where the action goes
    (`KIND:12`). A deleted automation keeps its row, so that its history can still be read.
    """

    name = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="automations")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="automations")
    registry = models.ForeignKey(Registry, on_delete=models.CASCADE, null=True, blank=True, related_name="automations")
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, null=True, blank=True, related_name="automations"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="automations"
    )
    scope_type = models.CharField(max_length=32, default="project")
    scope_name = models.CharField(max_length=400)
    scope = models.CharField(max_length=64)
    event_type = models.CharField(max_length=40)
    conditions = JSONTextField(default=list)
    action_type = models.CharField(max_length=40)
    action = JSONTextField(default=dict)
    receiver_key = models.CharField(max_length=64, blank=True, db_index=True)
    # Where the action uses another team's integration: that team, and the person of both on whose word it does.
    shared_from = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    shared_with = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    cooldown_seconds = models.PositiveIntegerField(default=DAY_SECONDS)
    # What a cooldown belongs to: automations.cooldown_keys.
    cooldown_per = models.CharField(max_length=210, default="run")
    rate_limit = models.PositiveIntegerField(default=RATE_LIMIT)
    notify_on_recovery = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "name"],
                condition=Q(deleted_at__isnull=True),
                name="one_automation_per_scope_and_name",
            )
        ]
        indexes = [
            # engine.evaluation.candidates: the automations of an event.
            models.Index(
                fields=["scope", "event_type"],
                condition=Q(enabled=True, deleted_at__isnull=True),
                name="automation_listening",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        base = self.project.get_absolute_url() if self.project else ""
        return with_prefix(f"{base}/automations/{self.pk}")

    @property
    def notice_key(self) -> str:
        """What a notice about it is filed under."""
        return f"automation:{self.pk}"

    @property
    def place(self) -> str:
        """Where it listens, in words: in sentences and lists."""
        return self.scope_name if self.scope_type == "project" else f"{self.scope_type} {self.scope_name}"


def new_delivery_id() -> str:
    return f"msg_{uuid.uuid4().hex}"


class ExecutionTemplate(models.Model):
    """What many executions of an automation have in common, kept once under its `digest`.

    `variables` are all names, with the values that are the same each time; `filled` the names of the others that an
    execution has a value for; `derived` those that say the same as a column of it, with what stands before it.
    """

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    action = JSONTextField()
    variables = JSONTextField()
    filled = JSONTextField()
    derived = JSONTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["automation", "digest"], name="one_template_per_automation_and_digest")
        ]

    def __str__(self) -> str:
        return f"{self.automation_id} {self.digest[:8]}"


class Execution(models.Model):
    """One firing of one automation. What is to be sent is frozen here, so that each try sends the same.

    What others of its automation have too moves into its template once it is over: `automations.execution_templates`.
    Read `action` and `variables`, which know of that.
    """

    # Without an index: that of the newest serves.
    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="executions", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    delivery_id = models.CharField(max_length=40, unique=True, default=new_delivery_id)
    state = models.CharField(max_length=10, choices=ExecutionState.choices, default=ExecutionState.PENDING)
    reason = models.CharField(max_length=500, blank=True)
    why = models.TextField(blank=True)
    count = models.PositiveIntegerField(default=1)
    recovered = models.BooleanField(default=False)
    occurred_at = models.DateTimeField(default=timezone.now)
    subject_label = models.CharField(max_length=300, blank=True)
    subject_url = AddressField(max_length=500, blank=True)
    kept_variables = JSONTextField(default=dict, db_column="variables")
    action_type = models.CharField(max_length=40)
    kept_action = JSONTextField(default=dict, db_column="action")
    # No constraint: it goes with the automation, and to check it for each row costs more than it is worth.
    template = models.ForeignKey(
        ExecutionTemplate, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    receiver_key = models.CharField(max_length=64, blank=True)
    attempts_made = models.PositiveSmallIntegerField(default=0)
    # Made before it was last delivered anew: the table of waits begins again, the numbers of attempts do not.
    attempts_before = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "event", "recovered"], name="one_execution_per_automation_and_event"
            )
        ]
        indexes = [
            # engine.claims: what is due, by receiver; and what is under way.
            models.Index(
                fields=["receiver_key", "next_attempt_at", "id"],
                condition=Q(state="pending"),
                name="execution_pending",
            ),
            # the history of an integration: the newest first.
            models.Index(fields=["receiver_key", "-id"], name="execution_of_receiver"),
            # engine.claims: what is held, and what a lost worker held.
            models.Index(
                fields=["leased_until"],
                condition=Q(leased_until__isnull=False),
                name="execution_leased",
            ),
            # pages: what happened because of a run.
            models.Index(fields=["subject_url", "-id"], name="execution_about"),
            # operations.monitoring: what failed for good lately.
            models.Index(fields=["ended_at"], condition=Q(state="failed"), name="execution_failed"),
            # pages: the newest of an automation first, also of one state.
            models.Index(fields=["automation", "-id", "state"], name="execution_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.automation} {self.created_at:%Y-%m-%d %H:%M:%S}"

    def get_absolute_url(self) -> str:
        return with_prefix(f"/executions/{self.pk}")

    @property
    def action(self) -> dict[str, Any]:
        """The parameters of the action, as they were when it fired."""
        found: dict[str, Any] = self.kept_action if self.template is None else self.template.action
        return found

    @action.setter
    def action(self, value: dict[str, Any]) -> None:
        self.kept_action = value

    def said(self, column: str) -> str:
        """Give what a column says, as variables say it."""
        value = getattr(self, column)
        return value.isoformat() if isinstance(value, datetime) else str(value)

    @property
    def variables(self) -> dict[str, Any]:
        """The values that a message may name, as they were when it fired; None for those that do not apply."""
        if self.template is None:
            found: dict[str, Any] = self.kept_variables
            return found
        own = dict(zip(self.template.filled, self.kept_variables, strict=True))
        derived = {name: f"{prefix}{self.said(column)}" for name, (prefix, column) in self.template.derived.items()}
        return {**self.template.variables, **own, **derived}

    @variables.setter
    def variables(self, value: dict[str, Any]) -> None:
        self.kept_variables = value

    @staticmethod
    def ended(state: ExecutionState, reason: str) -> dict[str, Any]:
        """Give the columns of an execution that is over."""
        return {
            "state": state, "reason": reason[:500], "next_attempt_at": None, "leased_until": None,
            "lease": "", "ended_at": timezone.now(),
        }  # fmt: skip


class Attempt(models.Model):
    """One try to send: what was sent, with secrets masked, and what was answered."""

    # Without an index: that of their order serves.
    execution = models.ForeignKey(Execution, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    ok = models.BooleanField(default=False)
    detail = models.CharField(max_length=500)
    request = JSONTextField(null=True)
    reply = JSONTextField(null=True)

    class Meta:
        ordering = ["number", "id"]
        indexes = [models.Index(fields=["execution", "number"], name="attempt_in_order")]

    def __str__(self) -> str:
        return f"{self.number}: {self.detail}"


class Cooldown(models.Model):
    """An automation fired for a subject and is quiet about it for a while.

    `suppressed` is the execution that counts what would have fired meanwhile.
    """

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="cooldowns")
    subject = models.CharField(max_length=64)
    fired_at = models.DateTimeField()
    holding = models.BooleanField(default=False)
    suppressed = models.ForeignKey(Execution, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["automation", "subject"], name="one_cooldown_per_subject")]

    def __str__(self) -> str:
        return f"{self.automation_id} {self.subject}"


class WindowState(models.Model):
    """The last values of a metric that an automation must remember of a subject.

    Good as long as `position` is where the next values begin; else they are read anew from history.
    """

    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, related_name="window_states")
    subject = models.CharField(max_length=64)
    position = models.PositiveBigIntegerField()
    values = JSONTextField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["automation", "subject"], name="one_window_state_per_subject")]

    def __str__(self) -> str:
        return f"{self.automation_id} {self.subject}"


class Silence(models.Model):
    """A mute window: what its team's automations would tell is suppressed meanwhile, once or each week.

    What of project, automation, run and tag is set must fit. Once: from `starts_at` to `ends_at`. With `weekdays` (0
    is Monday) each week between them, from `from_time` on the wall of `zone` for `minutes`. At `settles_at` the next
    window ends, and what still holds is told; null: it is over.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="silences")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    automation = models.ForeignKey(Automation, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    tag = models.CharField(max_length=256, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    weekdays = JSONTextField(default=list)
    from_time = models.CharField(max_length=5, blank=True)
    minutes = models.PositiveIntegerField(default=0)
    zone = models.CharField(max_length=64, default="UTC")
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    settles_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # silences.ending: those whose window has ended.
            models.Index(fields=["settles_at"], condition=Q(settles_at__isnull=False), name="silence_settling"),
        ]

    def __str__(self) -> str:
        return f"silence {self.pk}"
