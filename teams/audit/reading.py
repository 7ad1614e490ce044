"""Audit log queries and export (CSV, JSON lines): whose it is to read, and what to look for."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from common.data.validation_errors import quoted, refuse
from teams.models import AuditEvent, Organization, Team

# What verbs begin with: `automation.create`, `secret.delete`.
NOUNS = [
    "automation", "execution", "secret", "member", "invitation", "key", "sign_in", "sign_out", "session", "access",
    "user", "team", "organization", "registry", "registry_member", "vault", "project", "run", "collection",
    "second_factor", "artifact_ttl", "deletion", "retention", "archive", "silence",
    "service_account",
]  # fmt: skip
COLUMNS = ("id", "at", "actor", "verb", "target", "place", "before", "after", "door", "address", "agent", "key")
_BATCH = 500
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def of_teams(teams: QuerySet[Team]) -> QuerySet[AuditEvent]:
    """What happened in these teams. Keys, sign-ins and accounts are their owners' own, whoever added them to a team."""
    return AuditEvent.objects.filter(team__in=teams)


def of_organization(organization: Organization) -> QuerySet[AuditEvent]:
    """What happened to the organization itself: its registries, teams and admins."""
    return AuditEvent.objects.filter(organization=organization)


def matching(rows: QuerySet[AuditEvent], asked: Mapping[str, str]) -> QuerySet[AuditEvent]:
    """Leave what is asked for: `verb` (or its noun), `actor`, a part of `target`, `since`. Refuses a bad time."""
    verb, actor, target, since = (asked.get(name, "") for name in ("verb", "actor", "target", "since"))
    if verb:
        rows = rows.filter(Q(verb=verb) | Q(verb__startswith=f"{verb}."))
    if actor:
        rows = rows.filter(actor=actor)
    if target:
        rows = rows.filter(target__icontains=target)
    return rows.filter(at__gte=_moment(since)) if since else rows


def exported(rows: QuerySet[AuditEvent], form: str) -> StreamingHttpResponse:
    """Give the rows as a file, oldest first, without holding them all: `csv`, or `jsonl` (a JSON object a line)."""
    if form not in FORMS:
        refuse("as", f"{quoted(form)} is no form of export. Choose one of: {', '.join(FORMS)}.")
    write, kind = FORMS[form]
    told = (as_sentence(event) for event in rows.order_by("id").iterator(_BATCH))
    name = f"audit-{timezone.now():%Y-%m-%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(write(told), content_type=kind, headers=headers)


def as_sentence(event: AuditEvent) -> dict[str, Any]:
    return {**{name: getattr(event, name) for name in COLUMNS}, "at": event.at.isoformat()}


def _json_lines(told: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in told:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _csv(told: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in told:
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _moment(text: str) -> datetime:
    try:
        # A `+` in an address means a space.
        found = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        if found is None and (day := parse_date(text)):
            found = datetime(day.year, day.month, day.day)
    except ValueError:  # of the right form, and no day of the calendar
        found = None
    # So near the beginning or the end of time that it has no place in another zone.
    if found is None or not 1 < found.year < 9999:
        refuse("since", f"{quoted(text)} is no time. Write it like 2027-01-31T12:00:00Z or 2027-01-31.")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


FORMS: dict[str, tuple[Callable[[Iterable[dict[str, Any]]], Iterator[str]], str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "jsonl": (_json_lines, "application/x-ndjson; charset=utf-8"),
}
