"""Sharing across teams: an action through another team's integration, on the word of a person who belongs to both.

Who saves such an automation is that person. It is asked anew at each delivery, so that nothing is sent on the word of
somebody who is gone, whichever way they went. Then the use ends, and the automation needs attention.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from automations.models import Automation, Execution
from outbound.provider import Receiver, provider_of
from teams.audit import audit_log
from teams.models import Membership, Role, Team, User
from teams.notices import team_notices
from teams.notices.membership_changes import follow

logger = logging.getLogger(__name__)

_LEFT = "The person who used another team's {noun} for it does not belong to both teams any more."
_FORBIDDEN = "The {noun} that it uses is another team's, which lets no other team use its own any more."
_REMEDY = "Edit the automation and choose one of its own team, or have somebody who belongs to both teams save it."
_EACH_SECONDS = 60


def name_for(owner: Team | None, receiver_name: str) -> str:
    """Give what a receiver is called by the people of another team: `vision/retrain-hook`. None: it is their own."""
    return receiver_name if owner is None else f"{owner.name}/{receiver_name}"


def may_share(person_id: int | None, owner_id: int, acting_id: int) -> bool:
    """Say whether the person is at least a member of both teams, and these are of one organization."""
    rows = Membership.objects.filter(user=person_id or 0, user__is_active=True, team__in=(owner_id, acting_id))
    organizations = rows.exclude(role=Role.VIEWER).values_list("team__organization", flat=True)
    return len(organizations) == 2 and len(set(organizations)) == 1


def refusal(acting_id: int, person: User | None, receiver: Receiver) -> str:
    """Say why this person may send nothing there for the team; blank where they may."""
    return _refusal(acting_id, person.pk if person else None, receiver)


def refusal_of(execution: Execution, receiver: Receiver) -> str:
    """Say why this execution may not be sent there; blank where it may."""
    if receiver.team_id == execution.team_id:
        return ""
    # As it is now: since it was frozen somebody may have gone.
    now = Automation.objects.filter(pk=execution.automation_id, receiver_key=receiver.key)
    return _refusal(execution.team_id, now.values_list("shared_with", flat=True).first(), receiver)


def uses_by_others(receiver_key: str, owner: Team) -> QuerySet[Automation]:
    """Give the automations of other teams that use it: its team sees where, which, and on whose word."""
    return uses_from(owner).filter(receiver_key=receiver_key)


def uses_from(owner: Team) -> QuerySet[Automation]:
    """Give the automations of other teams that use something of this one's."""
    return _shared().filter(shared_from=owner).order_by("team__name", "name")


def note_use(automation: Automation, owner_before: Team | None) -> None:
    """Tell the audit log of who owns it that it is used so, and of who owned it before that this is over."""
    owner = automation.shared_from
    if owner_before is not None and owner_before != owner:
        audit_log.record("automation.unshare", _called(automation), team=owner_before, before=_audit_values(automation))
    if owner is not None:
        audit_log.record("automation.share", _called(automation), team=owner, after=_audit_values(automation))


def note_end(automation: Automation) -> None:
    """Tell who owns it that an automation is gone that used it."""
    if automation.shared_from is not None:
        told = _audit_values(automation)
        audit_log.record("automation.unshare", _called(automation), team=automation.shared_from, before=told)


def end_uses_from(owner: Team) -> None:
    """End what other teams use of this one's: it lets them no more."""
    _end(uses_from(owner), _FORBIDDEN)


@follow
def end_uses_of(user: User, team: Team) -> None:
    """End the uses on the word of this person that a membership of theirs held up."""
    _end(_lost().filter(shared_with=user), _LEFT)


def end_lost_uses() -> None:
    """End those whose person went by a way that told nobody: by a superuser's hand, or with their account."""
    _end(_lost(), _LEFT)


def end_lost_uses_each_minute() -> None:
    """The same, at most once a minute."""
    if cache.add("automations.sharing", 1, _EACH_SECONDS):
        end_lost_uses()


def _refusal(acting_id: int, person_id: int | None, receiver: Receiver) -> str:
    if receiver.team_id == acting_id:
        return ""
    provider, _pk = provider_of(receiver.key)
    if not may_share(person_id, receiver.team_id, acting_id):
        return f"{_LEFT.format(noun=provider.noun)} {_REMEDY}"
    return "" if provider.shares(receiver.team_id) else f"{_FORBIDDEN.format(noun=provider.noun)} {_REMEDY}"


def _end(rows: Iterable[Automation], why: str) -> None:
    for automation in rows:
        noun = provider_of(automation.receiver_key)[0].noun
        said, owner, told = why.format(noun=noun), automation.shared_from, _audit_values(automation)
        with transaction.atomic():
            still = Automation.objects.filter(pk=automation.pk, shared_from=owner)
            # A return of the person revives nothing.
            if not still.update(shared_from=None, shared_with=None, problem=f"{said} {_REMEDY}"[:500]):
                continue
            text = f"{automation.name}: {said} {_REMEDY}"
            team_notices.open_notice(automation.team_id, automation.notice_key, text, automation.get_absolute_url())
            for team in (owner, automation.team):
                audit_log.record("automation.unshare", _called(automation), team=team, before={**told, "why": said})
            logger.info("automation %s uses nothing of the team %s any more", automation.pk, owner)


def _shared() -> QuerySet[Automation]:
    rows = Automation.objects.filter(deleted_at__isnull=True, shared_from__isnull=False)
    return rows.select_related("team", "shared_from", "shared_with", "project__team")


def _lost() -> QuerySet[Automation]:
    """Those whose person does not belong to both teams any more, or whose teams are of one organization no more."""
    of_one = {"team__organization": F("shared_from__organization")}
    return _shared().exclude(_belongs_to("team"), _belongs_to("shared_from"), **of_one)


def _belongs_to(team: str) -> Exists:
    rows = Membership.objects.filter(user=OuterRef("shared_with"), user__is_active=True, team=OuterRef(team))
    return Exists(rows.exclude(role=Role.VIEWER))


def _called(automation: Automation) -> str:
    return f"automation {automation.pk} {automation.name}"


def _audit_values(automation: Automation) -> dict[str, Any]:
    """Give what the owner of an integration is told of its use: project, automation and person."""
    person = automation.shared_with.username if automation.shared_with else ""
    return {"scope": automation.scope_name, "team": automation.team.name, "receiver": automation.receiver_key,
            "person": person}  # fmt: skip
