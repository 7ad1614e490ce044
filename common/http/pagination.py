"""Cursor pagination of REST lists, newest first."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """Stable pages: rows that arrive meanwhile move nothing. `next` is the address of the next page."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "-id"
    invalid_cursor_message = "This cursor leads nowhere. Use the address in `next`, or begin without a cursor."
