"""Database models of running an installation: recurring jobs, the operator's alarms, and how far retention is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.data.fields import JSONTextField


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


class RetentionProgress(models.Model):
    """How far the removal of one kind has come: behind which id it goes on, and when."""

    kind = models.CharField(max_length=40, primary_key=True)
    after = models.BigIntegerField(default=0)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} after {self.after}"
