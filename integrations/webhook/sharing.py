"""Sharing of webhooks across teams: whether a team allows it, and which webhooks a person may use from another team."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from automations.definitions.sharing import end_uses_from
from integrations.webhook.models import Webhook, WebhookSharing
from teams.access import may, where_may
from teams.audit import audit_log
from teams.models import Role, Team, User


def shares_webhooks(team_id: int) -> bool:
    return not WebhookSharing.objects.filter(team=team_id, allowed=False).exists()


def set_sharing(team: Team, allowed: bool, *, by: User | None = None) -> bool:
    """Let people use the team's webhooks in other teams of theirs, or no more: then what they use ends."""
    with transaction.atomic():
        before = {"allowed": shares_webhooks(team.pk)}
        WebhookSharing.objects.update_or_create(team=team, defaults={"allowed": allowed})
        audit_log.record(
            "webhook_sharing.change", f"team {team}", team=team, by=by, before=before, after={"allowed": allowed}
        )
        if not allowed:
            end_uses_from(team)
    return allowed


def webhooks_elsewhere(user: User | None, team: Team) -> QuerySet[Webhook]:
    """Give the webhooks of other teams of the organization that this person may use for the team.

    That takes at least a member of both, and a team that allows it.
    """
    rows = Webhook.objects.select_related("team").exclude(team=team).order_by("team__name", "name")
    if user is None or not may(user, team, Role.MEMBER):
        return rows.none()
    forbidden = WebhookSharing.objects.filter(team=OuterRef("team"), allowed=False)
    rows = rows.filter(~Exists(forbidden), team__organization=team.organization_id)
    return where_may(user, rows, Role.MEMBER)
