"""Model fields: JSON that may hold NaN and infinity, and paths of pages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

from django.db import models

from common.data.strict_json import parsed
from common.own_addresses import with_prefix, without_prefix


class JSONText(str):
    """JSON as text, which is stored as it is."""


def json_text(value: Any) -> JSONText:
    return JSONText(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class JSONTextField(models.TextField[Any, Any]):
    """JSON kept as text. Metrics may be NaN or infinite, which PostgreSQL's own JSON types refuse.

    Not to be filtered by content: what is searched deserves a column of its own.
    """

    # django-stubs would take it for text.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """Give the value; text that is no JSON as it is: one bad row keeps nobody from reading the others."""
        try:
            return None if value is None else parsed(value)
        except ValueError:
            return value

    def to_python(self, value: Any) -> Any:
        return parsed(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, JSONText):
            return value
        return json_text(value)

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj)) or ""


class OwnAddressField(models.CharField[Any, Any]):
    """The address of a page of ours. Kept without the path prefix of RUNBELL_URL, and given with today's."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return None if value is None else with_prefix(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else without_prefix(str(value))

    def deconstruct(self) -> Any:
        # The column is that of any text: nothing to alter.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class AddressField(OwnAddressField):
    """The path of a page, quoted. Kept as people read it: a letter of another script is nine characters when quoted.

    A query behind it is kept as it is, behind what no name in a path may hold: a question mark may stand in a name.
    """

    _QUERY = "\x1f"

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        if value is None:
            return None
        path, mark, query = value.partition(self._QUERY)
        return super().from_db_value(f"{quote(path)}?{query}" if mark else quote(path))

    def get_prep_value(self, value: Any) -> str | None:
        inner = super().get_prep_value(value)
        if inner is None:
            return None
        path, mark, query = inner.partition("?")
        # PostgreSQL keeps no NUL. No page has one in its path: as a question it then simply finds none.
        kept = unquote(path).replace("\0", "\ufffd").replace(self._QUERY, "\ufffd")
        return f"{kept}{self._QUERY}{query}" if mark else kept
