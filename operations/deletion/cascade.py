"""Batches of rows to delete: what refers to a row goes before it, so that each transaction is short.

The way follows the foreign keys of the models, so that a model that is added is not forgotten. Whoever takes a batch
deletes it before the next: what is left is looked up anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import CASCADE, SET_NULL, ManyToOneRel, Model, QuerySet

from artifacts.models import Entry
from artifacts.services import unlink
from automations.definitions.services import count_listeners
from automations.definitions.sharing import note_end
from automations.models import Automation
from events.models import Event
from teams.models import Deletion
from teams.notices import team_notices

# Rows with rows of their own; rows that nothing refers to; and what is only read.
_PARENTS_AT_ONCE = 50
_AT_ONCE = 200
_READ_AT_ONCE = 1000


@dataclass(frozen=True)
class Batch:
    """Some rows of one table: `delete` deletes them in the caller's transaction, and says how many they were."""

    table: str
    delete: Callable[[], int]


def cascade(model: type[Model], key: int) -> Iterator[Batch]:
    """Give all that refers to the row and goes with it, and last the row itself."""
    yield from _inside(model, [key], (model,))
    yield from _let_go(model, key)
    yield _rows(model, [key])


def automations(rows: QuerySet[Automation]) -> Iterator[Batch]:
    """Give the automations with what they did. Nobody is taken to listen any more where they did."""
    while found := list(rows.select_related("shared_from", "team").order_by("pk")[:_PARENTS_AT_ONCE]):
        yield from _inside(Automation, [row.pk for row in found], (Automation,))
        yield Batch("automation", partial(_delete_automations, found))


def links(entries: QuerySet[Entry]) -> Iterator[Batch]:
    """Give the links to versions that are to go: each is unlinked as a person would, so that `latest` moves."""
    while found := list(entries.select_related("collection").order_by("pk")[:_PARENTS_AT_ONCE]):
        yield Batch("entry", partial(_unlink, found))


def events(deletion: Deletion, rows: QuerySet[Event], scope: str) -> Iterator[Batch]:
    """Give those of the events that happened in the scope. No index has that, so the others are read past, once."""
    while found := list(
        rows.filter(pk__gt=deletion.rows_seen).order_by("pk").values_list("pk", "scopes")[:_READ_AT_ONCE]
    ):
        inside = [pk for pk, scopes in found if scope in scopes]
        yield Batch("event", partial(_delete_events, deletion, inside, found[-1][0]))


def _inside(model: type[Model], keys: list[Any], above: tuple[type[Model], ...]) -> Iterator[Batch]:
    for relation in _relations(model, CASCADE):
        related: Any = relation.related_model
        if related in above:
            continue
        has_own = any(True for _relation in _relations(related, CASCADE))
        rows = related._base_manager.filter(**{f"{relation.field.name}__in": keys}).order_by("pk")
        while found := list(rows.values_list("pk", flat=True)[: _PARENTS_AT_ONCE if has_own else _AT_ONCE]):
            if has_own:
                yield from _inside(related, found, (*above, related))
            yield _rows(related, found)


def _let_go(model: type[Model], key: int) -> Iterator[Batch]:
    """What refers to the row and stays: in one statement it could be a whole table."""
    for relation in _relations(model, SET_NULL):
        related: Any = relation.related_model
        rows = related._base_manager.filter(**{relation.field.name: key}).order_by("pk")
        while found := list(rows.values_list("pk", flat=True)[:_READ_AT_ONCE]):
            yield Batch("", partial(related._base_manager.filter(pk__in=found).update, **{relation.field.name: None}))


def _relations(model: type[Model], on_delete: Any) -> Iterable[ManyToOneRel]:
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel) and relation.on_delete is on_delete:
            yield relation


def _rows(model: Any, keys: list[Any]) -> Batch:
    return Batch(model._meta.model_name, partial(_delete_rows, model, keys))


def _delete_rows(model: Any, keys: list[Any]) -> int:
    _all, counts = model._base_manager.filter(pk__in=keys).delete()
    return int(counts.get(model._meta.label, 0))


def _delete_automations(found: list[Automation]) -> int:
    for row in found:
        note_end(row)
        team_notices.settle_notice(row.team_id, row.notice_key)
    Automation.all_rows.filter(pk__in=[row.pk for row in found]).delete()
    for scope, event_type in sorted({(row.scope, row.event_type) for row in found}):
        count_listeners(scope, event_type)
    return len(found)


def _unlink(found: list[Entry]) -> int:
    return sum(unlink(entry) for entry in found)


def _delete_events(deletion: Deletion, inside: list[int], seen: int) -> int:
    Event.objects.filter(pk__in=inside).delete()
    deletion.rows_seen = seen
    return len(inside)
