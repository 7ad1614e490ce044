"""Archived rows (read-only): what is archived can be read, is changed by nobody and fires nothing, until undone."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, Model, QuerySet
from django.utils.translation import gettext as _

Row = TypeVar("Row", bound=Model)


class CanBeArchived(Model):
    """A model of which a row can be archived. Whoever asks for more than reading asks `refuse_archived`."""

    archived_at = DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class WithinTeam(Protocol):
    """Something of a team that can be archived by itself, such as a project."""

    @property
    def team(self) -> Any: ...

    @property
    def archived_at(self) -> datetime | None: ...


def not_inside_archived(rows: QuerySet[Row], path: str) -> QuerySet[Row]:
    """Give those of which neither the team (at the end of `path`) nor anything on the way to it is archived."""
    return rows.filter(**dict.fromkeys(_archiving(rows.model, path)))


@cache
def _archiving(model: type[Model], path: str) -> tuple[str, ...]:
    """Give the lookups of what can be archived on the path: `run__project__archived_at`."""
    found, before = [], ""
    for part in path.split("__"):
        related = model._meta.get_field(part).related_model
        assert isinstance(related, type)
        model, before = related, f"{before}{part}__"
        if issubclass(model, CanBeArchived):
            found.append(f"{before}archived_at")
    return tuple(found)


def refuse_archived(row: Any) -> None:
    """Refuse with 403 and what to do about it."""
    if row.archived_at is not None:
        raise PermissionDenied(
            _("The %(kind)s %(name)s is archived: it can be read, and not changed. An admin can bring it back.")
            % {"kind": row._meta.verbose_name, "name": row}
        )
