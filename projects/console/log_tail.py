"""The last lines of a run's console output as plain text of bounded length: `${run_log_tail}`."""

from __future__ import annotations

from projects.console.log_line import LogLine
from projects.history.console_output import last_output_lines
from projects.models import Run

MOST_LINES, MOST_CHARACTERS = 20, 2000


def log_tail(run: Run) -> str:
    """Give the newest lines without colours and times; where they are too long, their end."""
    lines = [LogLine(number, stored).text.rstrip() for number, stored in last_output_lines(run, MOST_LINES, 2)]
    text = "\n".join(lines).strip("\n")
    return text if len(text) <= MOST_CHARACTERS else "…" + text[1 - MOST_CHARACTERS :]
