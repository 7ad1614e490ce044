"""JSON that may hold NaN and infinity."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from common.json import parsed


class WrittenJSON(str):
    """JSON as text, which is stored as it is."""


def written(value: Any) -> WrittenJSON:
    return WrittenJSON(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class JSONTextField(models.TextField[Any, Any]):
    """JSON kept as text. Metrics may be NaN or infinite, which PostgreSQL's own JSON types refuse.

    Not to be filtered by content: what is searched deserves a column of its own.
    """

    # django-stubs would take it for text.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """Give the value; text that is no JSON as it stands: one bad row must not keep anybody from reading the others."""
        try:
            return None if value is None else parsed(value)
        except ValueError:
            return value

    def to_python(self, value: Any) -> Any:
        return parsed(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, WrittenJSON):
            return value
        return written(value)

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""
