"""Cursor pagination of REST lists, newest first."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

# The highest number a database has for a row.
_HIGHEST = 2**63 - 1


class Pages(CursorPagination):
    """Stable pages: rows that arrive meanwhile move nothing. `next` is the address of the next page."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-id"
    invalid_cursor_message = "This cursor leads nowhere. Use the address in `next`, or begin without a cursor."

    def decode_cursor(self, request: Request) -> Any:
        """Read the cursor; refuse one whose position is no row's number, before a database is asked with it."""
        cursor = super().decode_cursor(request)
        if cursor is None or cursor.position is None or _is_row_number(str(cursor.position)):
            return cursor
        raise NotFound(self.invalid_cursor_message)


def _is_row_number(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,19}", text)) and int(text) <= _HIGHEST
