"""Rows of a table as plain values, and back: by their fields, so that a field that is added is not forgotten.

A row is known by `id` inside its archive alone. People stand there by their user names, contents of files by their MD5,
and the team and what hides a row not at all.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Field, ForeignKey, Model, QuerySet

from common.data.fields import JSONTextField
from common.hidden_rows import not_inside_hidden
from projects.models import Project, StoredFile
from teams.models import Deletion, Team, User

_LEFT_OUT = (Team, Deletion)


@dataclass(frozen=True)
class ExportedTable:
    """A table of what is in projects. `path` leads to the project, `identity` are the fields that tell its rows apart.

    Those of `parents` are in the archive too, by their ids there; where one is not, neither is the row. What
    `within` leads to is of these projects as well: a run of another team is told by nothing of this one.
    """

    name: str
    model: type[Model]
    path: str
    identity: tuple[str, ...]
    parents: tuple[str, ...] = ()
    within: str = ""

    def rows(self, projects: QuerySet[Project]) -> QuerySet[Any]:
        """Give the rows that are there for people, in the order in which they were made."""
        rows: QuerySet[Any] = self.model._default_manager.all()
        if self.path:
            rows = not_inside_hidden(rows, f"{self.path}__team").filter(**{f"{self.path}__in": projects})
        else:
            rows = rows.filter(pk__in=projects)
        for parent in self.parents:
            rows = rows.filter(**{f"{parent}__deletion": None})
        if self.within:
            rows = rows.filter(**{f"{self.within}__in": projects})
        related = [field.name for field in _keys(self.model) if field.related_model in (User, StoredFile)]
        return (rows.select_related(*related) if related else rows).order_by("pk")


def values_of(row: Model) -> dict[str, Any]:
    """Give the row as JSON can say it."""
    found: dict[str, Any] = {"id": row.pk}
    for field in _fields(type(row)):
        value = getattr(row, field.attname)
        if isinstance(field, ForeignKey) and value is not None:
            value = _said(getattr(row, field.name) if field.related_model in (User, StoredFile) else None, value)
        found[field.name] = _in_json(value)
    return found


def fields_of(model: type[Model], said: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Give what to make a row with; `keys` are the values of its foreign keys. Fields that are gone are left out."""
    found: dict[str, Any] = {}
    for field in _fields(model):
        if isinstance(field, ForeignKey):
            found[field.attname] = keys.get(field.name)
        elif field.name in said:
            value = said[field.name]
            found[field.name] = value if isinstance(field, JSONTextField) else field.to_python(value)
    return found


def key_fields(model: type[Model]) -> dict[str, type[Model]]:
    """Give the foreign keys by their names, and what they lead to."""
    return {field.name: field.related_model for field in _keys(model)}


def _fields(model: type[Model]) -> Sequence[Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and not (isinstance(field, ForeignKey) and field.related_model in _LEFT_OUT)
    ]


def _keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    return [field for field in _fields(model) if isinstance(field, ForeignKey)]


def _in_json(value: Any) -> Any:
    """Give a value that JSON can say, of which the field's `to_python` makes it again."""
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _said(related: Any, key: Any) -> Any:
    if isinstance(related, User):
        return related.username
    return related.md5 if isinstance(related, StoredFile) else key
