"""Rows that are to be deleted are hidden: `objects` leaves them out, `all_rows` has them too.

Of what is in something hidden the way there is asked: a run by its project. Who may undo a deletion finds it at
`operations.deletion`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from django.db.models import PROTECT, ForeignKey, Index, Manager, Model, Q, QuerySet

from common.data.validation_errors import refuse

Row = TypeVar("Row", bound=Model)


class NotBeingDeleted(Manager[Row]):
    """The rows that are there for people. As the default manager it is what lists and reverse relations show."""

    def get_queryset(self) -> QuerySet[Row]:
        return super().get_queryset().filter(deletion=None)


class CanBeHidden(Model):
    """A model of which a row is hidden from when it is to be deleted, until that is undone."""

    deletion = ForeignKey("teams.Deletion", on_delete=PROTECT, null=True, blank=True, related_name="+", editable=False)

    objects: ClassVar[NotBeingDeleted[Self]] = NotBeingDeleted()
    all_rows: ClassVar[Manager[Self]] = Manager()

    class Meta:
        abstract = True


class ManyCanBeHidden(CanBeHidden):
    """The same of a large table: those that are hidden have an index of their own, `hidden_index`."""

    deletion = ForeignKey(
        "teams.Deletion", on_delete=PROTECT, null=True, blank=True, related_name="+", editable=False, db_index=False
    )

    class Meta:
        abstract = True


def hidden_index(model: str) -> Index:
    """Give the index by which `operations.deletion.scheduling.undo` finds the hidden rows of a deletion."""
    return Index(fields=["deletion"], condition=Q(deletion__isnull=False), name=f"{model}_hidden")


def refuse_name_of_hidden(row: Any, **same: Any) -> None:
    """Refuse what is called as a hidden row is: that may come back. For `clean`: Django asks among `objects` alone.

    No conflict: the wandb SDK would try again for minutes.
    """
    hidden = type(row).all_rows.filter(**same).exclude(deletion=None).exclude(pk=row.pk).select_related("deletion")
    found = hidden.first()
    if found is not None:
        refuse("name", found.deletion.name_is_taken)


def not_inside_hidden(rows: QuerySet[Row], path: str) -> QuerySet[Row]:
    """Give those of which nothing on the way to its team (`path`) is hidden; of the team itself others ask."""
    ways = _hiding(rows.model, path)
    return rows.filter(**dict.fromkeys(ways)) if ways else rows


@cache
def _hiding(model: type[Model], path: str) -> tuple[str, ...]:
    """Give the lookups of what can be hidden before the end of the path: `run__project__deletion`."""
    found, before = [], ""
    for part in path.split("__")[:-1]:
        related = model._meta.get_field(part).related_model
        assert isinstance(related, type)
        model, before = related, f"{before}{part}__"
        if issubclass(model, CanBeHidden):
            found.append(f"{before}deletion")
    return tuple(found)
