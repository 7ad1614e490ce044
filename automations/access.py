"""Access control: the automations and executions that a person may see and change."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from automations.definitions import scopes
from automations.models import Automation, Execution
from events.models import Event
from registries import access as registries
from teams import access
from teams.models import Role, User


def automations_of(user: User) -> QuerySet[Automation]:
    """What their teams own: an automation's team is whose integrations and secrets it uses, wherever it listens."""
    rows = Automation.objects.filter(deleted_at__isnull=True).select_related(
        "project__team__organization", "registry__organization", "collection", "organization", "team__organization"
    )
    return access.in_teams_of(user, rows)


def executions_shown() -> QuerySet[Execution]:
    """What automations did that are not being deleted."""
    return Execution.objects.filter(automation__deletion=None)


def executions_of(user: User) -> QuerySet[Execution]:
    rows = executions_shown().select_related("automation__project__team", "template")
    return access.in_teams_of(user, rows)


def automation_numbered(user: User, pk: int, least: Role = Role.VIEWER) -> Automation:
    automation = automations_of(user).filter(pk=pk).first()
    if automation is None:
        access.note_hidden(Automation.objects.filter(pk=pk, deleted_at__isnull=True))
        raise Http404(f"There is no automation {pk} here, or you are not on its team.")
    if least != Role.VIEWER:
        scopes.require(user, automation, least)
    return automation


def automation_with_what_it_hears(user: User, pk: int) -> Automation:
    """As `automation_numbered`, for who may see all that happens where it listens, not only what it did."""
    automation = automation_numbered(user, pk)
    scopes.require(user, automation, Role.VIEWER)
    return automation


def may_see(user: User, event: Event) -> bool:
    """Whether the person may see what an event of one of their teams is about.

    Events of a registry belong to a team too, whose people need not see that registry.
    """
    collection = event.data.get("collection")
    return collection is None or registries.collections_seen_by(user).filter(pk=collection).exists()


def execution_numbered(user: User, pk: int) -> Execution:
    execution = executions_of(user).filter(pk=pk).first()
    if execution is None:
        access.note_hidden(Execution.objects.filter(pk=pk))
        raise Http404(f"There is no execution {pk} here, or you are not on its team.")
    return execution
