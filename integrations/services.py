"""Services: create, change, disable and erase integrations, with their audit rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common.data.unique_names import only_one
from integrations.kind import FormKind, Kind
from integrations.models import Integration
from teams.audit import audit_log
from teams.models import Team, User
from teams.notices import team_notices

# Nothing but failures for so long.
GIVEN_UP_AFTER = timedelta(days=5)


def create(kind: type[FormKind], team: Team, values: Mapping[str, Any], *, by: User | None = None) -> Integration:
    """Make one of the values that the form of its kind takes. Raises ValidationError by field."""
    cleaned = kind.Form.checked(values, team=team)
    row = Integration(team=team, kind=kind.key, created_by=by)
    same_name = Integration.objects.filter(team=team, kind=kind.key, name=cleaned["name"])
    with only_one(same_name, f"The team {team.name} has a {kind.noun} {cleaned['name']!r} already."):
        _fill(kind, row, cleaned)
        row.save()
        audit_log.record(f"{kind.verb_noun}.create", called(kind, row), team=team, by=by, after=kind.audit_values(row))
    return row


def change(kind: type[FormKind], row: Integration, values: Mapping[str, Any]) -> Integration:
    """Put the values in place of what is there; what is left out stays."""
    known = {"name": row.name, "enabled": row.enabled, **row.settings}
    cleaned = kind.Form.checked({**known, **values}, team=row.team, is_new=False)
    before, was = kind.audit_values(row), called(kind, row)
    same_name = Integration.objects.filter(team=row.team, kind=kind.key, name=cleaned["name"]).exclude(pk=row.pk)
    with only_one(same_name, f"The team {row.team.name} has another {kind.noun} {cleaned['name']!r}."):
        was_enabled = row.enabled
        _fill(kind, row, cleaned)
        enable(kind, row, was_enabled=was_enabled)
        row.save()
        masked = {name: audit_log.MASK for name in kind.Form.private_names() if cleaned.get(name)}
        audit_log.record(
            f"{kind.verb_noun}.change", was, team=row.team, before=before, after={**kind.audit_values(row), **masked}
        )
    return row


def erase(kind: type[Kind], row: Integration, *, used_by: Mapping[str, list[str]]) -> None:
    """Remove it at once. Doors ask `integrations.removal`, which knows who uses it."""
    with transaction.atomic():
        team_notices.settle_notice(row.team_id, kind.key_of(row))
        before = {**kind.audit_values(row), **used_by}
        audit_log.record(f"{kind.verb_noun}.delete", called(kind, row), team=row.team, before=before)
        row.delete()


def disable(kind: type[Kind], pk: int, reason: str) -> None:
    """Send there no more until a person enables it again, and tell the team. Once, however often it is asked."""
    with transaction.atomic():
        rows = Integration.objects.filter(pk=pk, kind=kind.key, enabled=True).select_related("team")
        row = rows.first()
        if row is None or not rows.update(enabled=False, disabled_reason=reason[:200]):
            return
        said = {"noun": kind.noun, "name": row.name, "reason": reason}
        text = _("The %(noun)s %(name)s is disabled. %(reason)s") % said
        team_notices.open_notice(row.team_id, kind.key_of(row), text, kind.settings_page("change", pk))
        before, after = {"enabled": True, "disabled_reason": ""}, {"enabled": False, "disabled_reason": reason}
        audit_log.record(f"{kind.verb_noun}.disable", called(kind, row), team=row.team, before=before, after=after)


def enable(kind: type[Kind], row: Integration, *, was_enabled: bool) -> None:
    """Settle what was told of one that a person trusts again, and count its failures anew. The caller saves it."""
    if not row.enabled:
        return
    row.disabled_reason = ""
    if not was_enabled and row.pk:
        row.failing_since = None
        team_notices.settle_notice(row.team_id, kind.key_of(row))


def note(kind: type[Kind], recovered: Collection[int], failed: Collection[int], now: datetime) -> None:
    """Remember what came of deliveries; give up on those that only fail."""
    if recovered:
        Integration.objects.filter(pk__in=recovered).update(failing_since=None)
    for row in Integration.objects.filter(pk__in=failed, enabled=True) if failed else ():
        if row.failing_since is None:
            Integration.objects.filter(pk=row.pk, failing_since=None).update(failing_since=now)
        elif now - row.failing_since >= GIVEN_UP_AFTER:
            said = {"since": f"{row.failing_since:%Y-%m-%d %H:%M} UTC", "noun": kind.noun}
            disable(kind, row.pk, _("Every delivery has failed since %(since)s, so the %(noun)s was disabled.") % said)


def called(kind: type[Kind], row: Integration) -> str:
    """Give what the audit log calls it."""
    return f"{kind.noun} {row.name}"


def _fill(kind: type[FormKind], row: Integration, cleaned: Mapping[str, Any]) -> None:
    row.name, row.enabled = cleaned["name"], cleaned["enabled"]
    row.settings = {name: cleaned[name] for name in kind.Form.settings_names()}
    row.hide({name: cleaned[name] for name in kind.Form.private_names() if cleaned.get(name)})
