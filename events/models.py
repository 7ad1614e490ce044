"""Database models of the event ledger: one row per thing that happened, subscriptions, wake-ups, heartbeats, counts."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from common.data.fields import JSONTextField
from teams.models import Team


class Event(models.Model):
    """Something that happened, written in the transaction that made it happen.

    `scopes` are the places it happened in, widest last, such as `project:7`, `team:2`, `organization:1`.
    `depth` counts the deliveries between a person and the event. Events of one `stream` are judged in the order of
    their ids, by one worker at a time.
    """

    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    stream = models.CharField(max_length=64)
    scopes = JSONTextField(default=list)
    data = JSONTextField(default=dict)
    actor = models.CharField(max_length=150, blank=True)
    depth = models.PositiveSmallIntegerField(default=0)
    occurred_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=32, blank=True)
    claims = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            # events.ledger.claim: the oldest that nobody has judged.
            models.Index(fields=["id"], name="event_waiting", condition=models.Q(processed_at__isnull=True)),
            # events.ledger: whose turn it is not, and what a lost worker held.
            models.Index(
                fields=["leased_until"],
                name="event_leased",
                condition=models.Q(processed_at__isnull=True, leased_until__isnull=False),
            ),
            # events.event_types.EventType.replay: what happened in the last days.
            models.Index(fields=["kind", "occurred_at"], name="event_of_kind"),
            # projects.runs.timeline: the states of one run. They are few among the events.
            models.Index(fields=["stream", "id"], name="event_of_a_life", condition=models.Q(kind="run.state")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Subscription(models.Model):
    """Somebody listens to this kind of event in this scope. Kept by whoever listens; counted, not named."""

    kind = models.CharField(max_length=40)
    scope = models.CharField(max_length=64)
    subscribers = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "scope"], name="one_subscription_per_kind_and_scope")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.scope}"


class WakeUp(models.Model):
    """Whether a wake-up is under way: kept for hosts that still run the version before. Nobody else asks it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    requested = models.BooleanField(default=False)

    def __str__(self) -> str:
        return "requested" if self.requested else "asleep"


class WorkerHeartbeat(models.Model):
    """When a worker last gave a sign of life, for whoever watches from elsewhere (`/readyz`). Kept for a day."""

    name = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class MetricCount(models.Model):
    """How often something was counted by all processes together, for `/metrics`. `labels` is a JSON list of values."""

    name = models.CharField(max_length=80)
    labels = models.CharField(max_length=200)
    value = models.FloatField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "labels"], name="one_count_per_name_and_labels")]

    def __str__(self) -> str:
        return f"{self.name} {self.labels}"
