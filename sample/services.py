"""Sample data: create it in a new team, and remove it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from artifacts.models import Collection, Registry
from integrations.webhook.models import Webhook
from projects.models import Project
from projects.services import create_project
from sample import automations, runs, versions
from teams.models import Team, User

PROJECT = "digits"
logger = logging.getLogger(__name__)


def create_where_wanted() -> None:
    """Create the sample where the first start asked for it. What fails is logged: Runbell runs without a sample."""
    # The first there is, whatever it is called by now.
    for team in Team.objects.order_by("pk")[:1]:
        if team.sample.get("wanted"):
            _create_once(team)


def _create_once(team: Team) -> None:
    """Create it unless another replica does: that one holds the team's row meanwhile."""
    try:
        with transaction.atomic():
            team = Team.objects.select_for_update().get(pk=team.pk)
            if team.sample.pop("wanted", None):
                team.save(update_fields=["sample"])
                create_sample(team, User.objects.filter(memberships__team=team).earliest("pk"))
    except Exception:
        logger.exception("the sample could not be created")
        team.sample.pop("wanted", None)
        Team.objects.filter(pk=team.pk).update(sample=team.sample)


def create_sample(team: Team, user: User) -> None:
    # In whole seconds: the times stand in payloads that people read.
    now = timezone.now().replace(microsecond=0)
    with transaction.atomic():
        project = create_project(team, PROJECT, "Sample: a small network that learns to read digits.")
        # Its runs say that they logged days ago.
        project.acts_on_late_values = True
        project.save(update_fields=["acts_on_late_values"])
        registry = versions.registry_of(team.organization)
        webhook = automations.create_automations(project, registry, user)
        logged = []
        for run in runs.log_runs(project, user, now):
            logged.append(run)
            automations.evaluate_all()
        entries = versions.create_versions(project, logged, user)
        versions.link_versions(entries, registry, user)
        automations.evaluate_all()
        runs.backdate(logged, now)
        versions.backdate(project, registry, now)
        _backdate_owners(project, registry, now - timedelta(days=7))
        automations.record_deliveries(team, now)
        team.sample = {**team.sample, "project": project.pk, "registry": registry.pk, "webhook": webhook.pk}
        team.save(update_fields=["sample"])


def _backdate_owners(project: Project, registry: Registry, at: datetime) -> None:
    """Let what holds the sample be older than all that happened in it."""
    for rows in (
        Project.objects.filter(pk=project.pk),
        Registry.objects.filter(pk=registry.pk),
        Collection.objects.filter(Q(project=project) | Q(registry=registry)),
    ):
        rows.update(created_at=at)


def remove_sample(team: Team) -> None:
    """Remove the sample, with everything that was added to it since."""
    with transaction.atomic():
        Project.objects.filter(pk=team.sample.get("project"), team=team).delete()
        Registry.objects.filter(pk=team.sample.get("registry"), organization=team.organization).delete()
        Webhook.objects.filter(pk=team.sample.get("webhook"), team=team).delete()
        kept = {name: value for name, value in team.sample.items() if name not in ("project", "registry", "webhook")}
        Team.objects.filter(pk=team.pk).update(sample=kept)
