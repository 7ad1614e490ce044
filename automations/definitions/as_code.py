"""Automations as code (YAML): export, plan, and apply whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from automations.definitions import services
from automations.definitions.draft_validation import AutomationDraft, check
from automations.definitions.former_names import FIELDS, hint
from automations.definitions.representation import as_sent, draft_of
from automations.definitions.scope_type import ScopePlace
from automations.definitions.scope_type import registry as scope_types
from automations.models import Automation
from common.data.validation_errors import quoted, refuse
from teams.models import User

# What an automation is, and nothing that only this installation knows.
_FIELDS = tuple(one.name for one in fields(AutomationDraft))
_KNOWN = {"scope", *_FIELDS}
_KNOWN_OF_SCOPE = {"type", "name", "team"}
_REQUIRED = ("scope", "name", "event", "action")
_KINDS: dict[str, tuple[type[Any], str]] = {
    "name": (str, "a text"),
    "description": (str, "a text"),
    "event": (str, "the name of an event"),
    "conditions": (list, "a list"),
    "action": (Mapping, "a mapping with a type"),
    "enabled": (bool, "true or false"),
    "notify_on_recovery": (bool, "true or false"),
    "cooldown_seconds": (int, "a whole number of seconds"),
    "cooldown_per": (str, "run, group, project or config.KEY"),
    "rate_limit": (int, "a whole number"),
}
FindPlace = Callable[[Mapping[str, Any]], ScopePlace | None]


class UnusableDocument(Exception):
    """The document cannot be applied. `problems` say where (a path) and what is wrong; nothing was changed."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {text}" for path, text in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True)
class PlannedChange:
    """What applying does about one automation: create, change, delete, or nothing."""

    verb: str
    scope: str
    name: str
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.verb:<9} {self.scope}  {self.name}"]
        lines += [f"            {name}: {old!r} -> {new!r}" for name, (old, new) in self.changes.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class _Entry:
    """One automation of the document, and the one that is there. `by`: who answers, if not who asks."""

    place: ScopePlace
    draft: AutomationDraft
    automation: Automation | None
    by: User | None


def export(automations: Iterable[Automation]) -> dict[str, Any]:
    """Give the automations as a document that `apply` takes back without a change. Secrets stand in it by name."""
    rows = list(automations)
    names = services.receiver_names(rows)
    entries = [as_sent(row, names) for row in rows]
    return {"automations": [{name: one[name] for name in ("scope", *_FIELDS)} for one in entries]}


def plan(document: Any, find: FindPlace, *, prune: bool = False) -> list[PlannedChange]:
    """Say what applying would do. Raises Unusable with everything that is wrong."""
    entries = _entries(document, find)
    steps = [_step(entry) for entry in entries]
    return steps + [PlannedChange("delete", row.scope_name, row.name) for row in _others(entries) if prune]


def apply(document: Any, find: FindPlace, *, by: User | None, prune: bool = False) -> list[PlannedChange]:
    """Make what the document says, all or nothing; a second time changes nothing.

    With `prune` what stands in the document's scopes and not in the document is deleted.
    """
    with transaction.atomic():
        entries = _entries(document, find)
        steps = plan(document, find, prune=prune)
        for entry, step in zip(entries, steps, strict=False):
            if step.verb == "create":
                services.create_automation(entry.place, entry.draft, by=by)
            elif entry.automation is not None and step.verb == "change":
                services.change_automation(entry.automation, entry.draft)
        for row in _others(entries) if prune else ():
            services.delete_automation(row)
    return steps


def _entries(document: Any, find: FindPlace) -> list[_Entry]:
    listed = document.get("automations") if isinstance(document, Mapping) else None
    if not isinstance(listed, list):
        raise UnusableDocument({"automations": "Give a list under the name automations."})
    problems: dict[str, str] = {}
    entries, seen = [], set()
    for place, sent in enumerate(listed):
        path = f"automations.{place}"
        entry = _entry(sent, path, find, problems)
        if entry is not None:
            key = (entry.place.key, entry.draft.name)
            if key in seen:
                problems[f"{path}.name"] = f"{quoted(entry.draft.name)} stands here twice."
            seen.add(key)
            entries.append(entry)
    if problems:
        raise UnusableDocument(problems)
    return entries


def _entry(sent: Any, path: str, find: FindPlace, problems: dict[str, str]) -> _Entry | None:
    """Read one entry; what is wrong with it is noted under its path."""
    found = _mistakes(sent)
    if found:
        problems.update({f"{path}.{name}".rstrip("."): text for name, text in found.items()})
        return None
    try:
        place = _place(sent["scope"], find)
        draft = AutomationDraft(**{"conditions": [], **{key: sent[key] for key in _FIELDS if key in sent}})
        there = _there(place, draft.name)
        by = _on_whose_word(place, draft, there)
        check(draft, place, by=by)
        return _Entry(place, draft, there, by)
    except (ValidationError, TypeError, AttributeError) as error:
        problems.update({f"{path}.{field}": text for field, text in _messages_by_field(error).items()})
        return None


def _place(sent: Any, find: FindPlace) -> ScopePlace:
    scope = sent if isinstance(sent, Mapping) else {"name": str(sent)}
    place = find(scope)
    if place is None:
        kind = scope_types.get(scope.get("type", "project"))
        acting = f" for the team {quoted(scope['team'])}" if scope.get("team") else ""
        refuse(
            "scope", f"There is no {kind.key} {quoted(scope.get('name'))}{acting} here. Write it like {kind.example}."
        )
    return place


def _there(place: ScopePlace, name: str) -> Automation | None:
    """Give the automation of this name, where there is one. That of another team is not ours to change."""
    rows = Automation.objects.filter(scope=place.key, name=name, deleted_at__isnull=True)
    there = rows.select_related("project__team__organization", "team", "shared_with").first()
    if there is not None and there.team != place.team:
        refuse("name", f"There is an automation {quoted(name)} here already, of another team. Choose another name.")
    return there


def _on_whose_word(place: ScopePlace, draft: AutomationDraft, there: Automation | None) -> User | None:
    """Give who lets it use another team's receiver, as long as nothing of it changes; who changes it answers for it."""
    if there is None or there.shared_with is None:
        return None
    try:
        new = services.unsaved(place, draft, by=there.shared_with)
    except ValidationError:
        return None
    return there.shared_with if draft_of(there) == draft_of(new) else None


def _mistakes(sent: Any) -> dict[str, str]:
    if not isinstance(sent, Mapping):
        return {"": "An automation is a mapping of names to values."}
    known = ", ".join(sorted(_KNOWN))
    unknown = [name for name in sent if name not in _KNOWN]
    mistakes = {
        str(name): f"There is no field {quoted(name)}.{hint(name, FIELDS)} Fields are: {known}." for name in unknown
    }
    scope = sent.get("scope")
    mistakes |= {
        f"scope.{name}": f"There is no field {quoted(name)}. Fields are: {', '.join(sorted(_KNOWN_OF_SCOPE))}."
        for name in (scope if isinstance(scope, Mapping) else ())
        if name not in _KNOWN_OF_SCOPE
    }
    mistakes |= {name: f"An automation needs a value for {name}." for name in _REQUIRED if not sent.get(name)}
    for name, (kind, words) in _KINDS.items():
        if name in sent and name not in mistakes and not isinstance(sent[name], kind):
            mistakes[name] = f"{quoted(sent[name])} is not {words}."
    return mistakes


def _messages_by_field(error: Exception) -> dict[str, str]:
    if isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return {"conditions": f"This cannot be read: {error}"}


def _step(entry: _Entry) -> PlannedChange:
    scope, name = entry.place.name, entry.draft.name
    if entry.automation is None:
        return PlannedChange("create", scope, name)
    now = vars(draft_of(entry.automation))
    new = vars(draft_of(services.unsaved(entry.place, entry.draft, by=entry.by)))
    changes = {key: (now[key], new[key]) for key in _FIELDS if now[key] != new[key]}
    return PlannedChange("change" if changes else "unchanged", scope, name, changes)


def _others(entries: list[_Entry]) -> list[Automation]:
    """The automations of the document's scopes and teams that are not in the document."""
    places = {(entry.place.key, entry.place.team.pk) for entry in entries}
    names = {(entry.place.key, entry.draft.name) for entry in entries}
    rows = Automation.objects.filter(scope__in={scope for scope, _team in places}, deleted_at__isnull=True)
    return [
        row
        for row in rows.select_related("project__team").order_by("id")
        if (row.scope, row.team_id) in places and (row.scope, row.name) not in names
    ]
