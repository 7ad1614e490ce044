"""Lay the sample out in a team, and clear it away."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from artifacts.models import Collection, Registry
from config.sample import runs, versions, watching
from integrations.models import Webhook
from projects.models import Project
from projects.services import create_project
from teams.models import Team, User

PROJECT = "digits"
logger = logging.getLogger(__name__)


def lay_where_new() -> None:
    """Lay the sample out where the first start asked for it. What fails is logged: Runbell runs without a sample."""
    for team in Team.objects.filter(name="demo"):
        if team.sample.pop("wanted", None):
            try:
                with transaction.atomic():
                    team.save(update_fields=["sample"])
                    lay(team, User.objects.filter(memberships__team=team).earliest("pk"))
            except Exception:
                logger.exception("the sample could not be laid out")
                Team.objects.filter(pk=team.pk).update(sample=team.sample)


def lay(team: Team, user: User) -> None:
    # In whole seconds: the times stand in payloads that people read.
    now = timezone.now().replace(microsecond=0)
    with transaction.atomic():
        project = create_project(team, PROJECT, "Sample: a small network that learns to read digits.")
        registry = versions.registry_of(team.organization)
        webhook = watching.watch(project, registry, user)
        played = []
        for run in runs.play(project, user, now):
            played.append(run)
            watching.judge()
        entries = versions.make(project, played, user)
        versions.link(entries, registry, user)
        watching.judge()
        runs.move(played, now)
        versions.move(project, registry, now)
        _begin(project, registry, now - timedelta(days=7))
        watching.tell(team, now)
        team.sample = {**team.sample, "project": project.pk, "registry": registry.pk, "webhook": webhook.pk}
        team.save(update_fields=["sample"])


def _begin(project: Project, registry: Registry, at: datetime) -> None:
    """Let what holds the sample be older than all that happened in it."""
    for rows in (
        Project.objects.filter(pk=project.pk),
        Registry.objects.filter(pk=registry.pk),
        Collection.objects.filter(Q(project=project) | Q(registry=registry)),
    ):
        rows.update(created_at=at)


def clear(team: Team) -> None:
    """Remove what was laid out, with everything that was added to it since."""
    with transaction.atomic():
        Project.objects.filter(pk=team.sample.get("project"), team=team).delete()
        Registry.objects.filter(pk=team.sample.get("registry"), organization=team.organization).delete()
        Webhook.objects.filter(pk=team.sample.get("webhook"), team=team).delete()
        kept = {name: value for name, value in team.sample.items() if name not in ("project", "registry", "webhook")}
        Team.objects.filter(pk=team.pk).update(sample=kept)
