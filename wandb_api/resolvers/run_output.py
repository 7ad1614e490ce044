"""What a run printed, by the line: `run.console_logs()`."""

from __future__ import annotations

import re
from typing import Any

from projects.models import Run
from projects.output import last_lines, lines_from
from wandb_api import binding, pages
from wandb_api.caller import Info

# As the SDK posts it: what went to stderr is marked, and the time is UTC.
_LINE = re.compile(r"(ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?)(?: (.*))?", re.DOTALL)


@binding.of("Run").field("logLines")
def log_lines(
    found: Run, info: Info, first: int | None = None, after: str | None = None, last: int | None = None, **_: object
) -> dict[str, Any]:
    """Give lines from a place on, or the last ones. A cursor is a line's number: while a page is read, old lines go."""
    if last is not None:
        return _page(last_lines(found, pages.count_of(last)), has_more=False)
    start, count = pages.place_of(after), pages.count_of(first)
    lines = lines_from(found, start, count + 1)
    return _page(lines[:count], has_more=len(lines) > count, start=start)


def _page(lines: list[tuple[int, str]], *, has_more: bool, start: int = 0) -> dict[str, Any]:
    end = lines[-1][0] + 1 if lines else start
    return {
        "edges": [{"cursor": pages.cursor(number + 1), "node": _said(number, line)} for number, line in lines],
        "pageInfo": {"endCursor": pages.cursor(end), "hasNextPage": has_more},
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
