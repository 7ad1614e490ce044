"""Automations of an archive with what they did, and links into registries. Where something is missing it says so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404

from artifacts.models import Alias, Registry, Version
from artifacts.services import get_or_create_collection
from artifacts.services import link as link_version
from automations.definitions import scopes
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.scope_type import ScopePlace
from automations.definitions.services import count_listeners, unsaved
from automations.models import Attempt, Automation, Execution, ExecutionState
from common.plugins import UnknownKey
from events import past_events
from events.event_types import by_wire_name
from operations.archives.archive_import import ImportedRows
from operations.archives.export import AUTOMATIONS, EXECUTIONS, LINKS
from operations.archives.row_checks import checked
from operations.archives.table_rows import fields_of
from registries.access import registries_changeable_by
from teams.models import Role

_FIELDS = tuple(AutomationDraft.__dataclass_fields__)
# Scopes that begin with the name of the team.
_OF_TEAM = ("project", "collection", "team")
_NOT_SENT = "It was waiting to be delivered when it was exported."


def write_automations(rows: ImportedRows) -> None:
    """Write the automations, each once, and their executions. None is sent."""
    found = {said["id"]: _automation(rows, said) for said in rows.archived_rows(AUTOMATIONS)}
    by_id = {key: automation for key, automation in found.items() if automation is not None}
    rows.report.count(EXECUTIONS, created=0, there=0)
    for some in rows.batches(rows.archived_rows(EXECUTIONS)):
        with transaction.atomic():
            for said in some:
                if said["automation"] in by_id:
                    created = _execution(rows, said, by_id[said["automation"]])
                    rows.report.count(EXECUTIONS, created=created, there=not created)


def write_links(rows: ImportedRows) -> None:
    """Link versions into the registries of the same names, where there are and whoever imports may. Nobody is told."""
    rows.report.count(LINKS, created=0, there=0)
    for said in rows.archived_rows(LINKS):
        version = Version.objects.filter(pk=rows.ids[Version].get(said["version"], 0)).first()
        registry = _registry(rows, said["registry"])
        if version is None or registry is None:
            rows.report.note(f"Not linked: {version} into the registry {said['registry']}, which is not yours here.")
            continue
        try:
            rows.report.count(LINKS, **_link(rows, said, version, registry))
        except ValidationError as error:
            rows.report.note(f"Not linked: {version} into {registry}: {' '.join(error.messages)}")


def _automation(rows: ImportedRows, said: Mapping[str, Any]) -> Automation | None:
    place = _place(rows, said["scope"])
    if place is None:
        rows.report.note(f"Left out: the automation {said['name']}. There is no {said['scope']['name']} here.")
        return None
    there = Automation.all_rows.filter(scope=place.key, name=said["name"], deleted_at=None).first()
    if there is None:
        there = _created(rows, said, place)
    rows.report.count(AUTOMATIONS, created=there.pk is None, there=there.pk is not None)
    if there.pk is None:
        with transaction.atomic():
            there.save()
            Automation.objects.filter(pk=there.pk).update(updated_at=datetime.fromisoformat(said["updated_at"]))
            count_listeners(there.scope, there.event_type)
    return there if there.team_id == rows.team.pk else None


def _place(rows: ImportedRows, scope: Mapping[str, str]) -> ScopePlace | None:
    name, team = scope["name"], rows.team.name
    if scope["type"] in _OF_TEAM:
        name = "/".join([team, *name.split("/")[1:]])
    named = {**scope, "name": name, **({"team": team} if "team" in scope else {})}
    try:
        # A place of others is theirs to open: their archive says where it listened, not that it may here.
        return scopes.place_named(named) if rows.by is None else scopes.find(rows.by, named, Role.MEMBER)
    except (ValidationError, Http404, PermissionDenied):
        return None


def _created(rows: ImportedRows, said: Mapping[str, Any], place: ScopePlace) -> Automation:
    draft = AutomationDraft(**{name: said[name] for name in _FIELDS})
    try:
        found = unsaved(place, draft, by=rows.by)
    except ValidationError as error:
        found = _needing_attention(draft, place, error)
        rows.report.note(f"The automation {draft.name} is disabled and needs attention: {found.problem}")
    found.created_by_id = rows.people.get(said["created_by"])
    found.created_at = datetime.fromisoformat(said["created_at"])
    found.problem = found.problem or said["problem"]
    checked(found)
    return found


def _needing_attention(draft: AutomationDraft, place: ScopePlace, error: ValidationError) -> Automation:
    """Give what is disabled until a person chooses what is missing here, such as an integration."""
    action = dict(draft.action)
    try:
        event = by_wire_name(draft.event).key
    except UnknownKey:
        event = draft.event
    return Automation(
        **place.stored, name=draft.name, description=draft.description, enabled=False, event_type=event,
        conditions=list(draft.conditions), action_type=str(action.pop("type", "")), action=action,
        cooldown_seconds=draft.cooldown_seconds, cooldown_per=draft.cooldown_per, rate_limit=draft.rate_limit,
        notify_on_recovery=draft.notify_on_recovery, problem=" ".join(error.messages)[:500],
    )  # fmt: skip


def _execution(rows: ImportedRows, said: dict[str, Any], automation: Automation) -> bool:
    """Write what the automation did, unless it is here; give whether it is new."""
    own = "msg_" + uuid.uuid5(uuid.NAMESPACE_OID, f"{rows.team.pk} {said['delivery_id']}").hex
    there = dict(
        Execution.objects.filter(delivery_id__in=[said["delivery_id"], own]).values_list("delivery_id", "automation")
    )
    if automation.pk in there.values():
        return False
    # In the same installation the number of the delivery is that of what was exported.
    delivery_id = own if there else said["delivery_id"]
    # It leads nowhere: what was frozen elsewhere was checked by nobody here, and is not sent again.
    values = fields_of(Execution, said, {}) | {"delivery_id": delivery_id, "receiver_key": ""}
    values["subject_url"] = _own_address(rows, said["subject_url"])
    execution = Execution(**values)
    execution.automation, execution.team = automation, rows.team
    if execution.state == ExecutionState.PENDING:
        for name, value in Execution.ended(ExecutionState.SUPPRESSED, _NOT_SENT).items():
            setattr(execution, name, value)
    checked(execution).save()
    attempts = [Attempt(**fields_of(Attempt, one, {}) | {"execution_id": execution.pk}) for one in said["attempts"]]
    Attempt.objects.bulk_create([checked(attempt) for attempt in attempts])
    return True


def _own_address(rows: ImportedRows, address: str) -> str:
    """Give the page here of what it was about: of another team there is none."""
    before, after = f"/{rows.archive.manifest['team']}/", f"/{rows.team.name}/"
    return after + address.removeprefix(before) if address.startswith(before) else ""


def _registry(rows: ImportedRows, name: str) -> Registry | None:
    there = Registry.objects.filter(organization=rows.team.organization_id, name=name)
    if rows.by is not None:
        there = there.filter(pk__in=registries_changeable_by(rows.by).order_by().values("pk"))
    return there.first()


def _link(rows: ImportedRows, said: Mapping[str, Any], version: Version, registry: Registry) -> dict[str, int]:
    with past_events.happened_at(datetime.fromisoformat(said["created_at"])), transaction.atomic():
        collection, _created = get_or_create_collection(registry, said["collection"], said["type"], holds_links=True)
        # What stands for something here stays with it.
        taken = set(Alias.objects.filter(collection=collection).values_list("name", flat=True))
        free = [name for name in said["aliases"] if name not in taken]
        placed = link_version(version, collection, aliases=free, tags=said["tags"], by=rows.by)
    return {"created": int(placed.created), "there": int(not placed.created)}
