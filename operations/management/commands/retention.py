"""manage.py retention: remove what is older than it is kept, now; or say what would go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from operations.retention.cutoffs import cutoffs_of
from operations.retention.removal import remove_all
from operations.retention.retention_kind import RetentionKind, registry
from teams.models import Team


class Command(BaseCommand):
    help = "Remove what is older than RUNBELL_RETENTION_…_DAYS say. Runbell does so itself, a little at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would go, by kind and team.")
        parser.add_argument("--kind", choices=[kind.key for kind in registry], help="Only this kind.")

    def handle(self, *args: Any, dry_run: bool, kind: str | None, **options: Any) -> None:
        for each in registry:
            if kind in (None, each.key):
                self.stdout.write(f"{each.key}: {self._due(each) if dry_run else self._removed(each)}")

    def _removed(self, kind: type[RetentionKind]) -> str:
        return f"{remove_all(kind):,} rows removed." if _has_end(kind) else _FOR_EVER

    def _due(self, kind: type[RetentionKind]) -> str:
        if not _has_end(kind):
            return _FOR_EVER
        due = kind().count_due(cutoffs_of(kind))
        names = dict(Team.objects.filter(pk__in=[team for team in due if team]).values_list("pk", "name"))
        lines = sorted(f"\n  {names.get(team or 0, 'of no team')}: {count:,}" for team, count in due.items())
        return f"{due.total():,} rows would go.{''.join(lines)}"


_FOR_EVER = "kept for ever."


def _has_end(kind: type[RetentionKind]) -> bool:
    return cutoffs_of(kind).newest is not None
