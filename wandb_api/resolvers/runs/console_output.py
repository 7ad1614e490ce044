"""GraphQL resolver of console output, by the line: `run.console_logs()`."""

from __future__ import annotations

import re
from typing import Any

from projects.history.console_output import last_output_lines, output_lines_from
from projects.models import Run
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info

# As the SDK posts it: what went to stderr is marked, and the time is UTC.
_LINE = re.compile(r"(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)(?: (.*))?", re.DOTALL)


@resolver_tables.table_of("Run").field("logLines")
def log_lines(
    found: Run, info: Info, first: int | None = None, after: str | None = None, last: int | None = None, **_: object
) -> dict[str, Any]:
    """Give lines from a place on, or the last ones. A cursor is a line's number: while a page is read, old lines go."""
    if last is not None:
        return _page(last_output_lines(found, connections.count_of(last)), has_more=False)
    start, count = connections.offset_of(after), connections.count_of(first)
    lines = output_lines_from(found, start, count + 1)
    return _page(lines[:count], has_more=len(lines) > count, start=start)


def _page(lines: list[tuple[int, str]], *, has_more: bool, start: int = 0) -> dict[str, Any]:
    end = lines[-1][0] + 1 if lines else start
    return {
        "edges": [{"cursor": connections.cursor(number + 1), "node": _said(number, line)} for number, line in lines],
        "pageInfo": {"endCursor": connections.cursor(end), "hasNextPage": has_more},
    }


def _said(number: int, line: str) -> dict[str, Any]:
    """Take the line apart. One of another form is all text."""
    parts = _LINE.fullmatch(line)
    marked, timestamp, text = parts.groups() if parts else (None, None, line)
    # Only runs that several processes write have labels.
    return {
        "number": number,
        "timestamp": timestamp,
        "level": "error" if marked else "",
        "label": "",
        "line": text or "",
    }
