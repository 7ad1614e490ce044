"""Why a run ended, and the lines of its log that say so: what the head of its page answers."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from common.templatetags.formatting import lasting
from projects.console.log_line import LogLine
from projects.console.traceback_search import FoundTraceback, find_last_words, find_traceback
from projects.history.console_output import last_output_lines
from projects.models import Run, RunState

_TAIL = 10
# Of a line that is longer the head of the page shows no more.
_LONGEST = 300
# A traceback stands near the end, behind what other ranks and the launcher said.
_SEARCHED_LINES, _SEARCHED_PIECES = 3000, 8
# Of a longer traceback: how it begins, and how it ends.
_FIRST, _LAST = 4, 36
# Ended by a person, by a machine, or not at all: what the log says last is no reason.
_ENDED_BADLY = (RunState.FAILED, RunState.CRASHED, RunState.KILLED)


@dataclass(frozen=True)
class RunEnding:
    """`sentence` says how the run stands, `cause` names the exception or the last words; `lines` are of its log."""

    sentence: str
    cause: str
    lines: Sequence[LogLine]
    is_traceback: bool
    # Lines of the traceback that stand between the first and the last shown.
    left_out: int = 0

    @property
    def first_lines(self) -> Sequence[LogLine]:
        return self.lines[:_FIRST] if self.left_out else ()

    @property
    def last_lines(self) -> Sequence[LogLine]:
        return self.lines[_FIRST:] if self.left_out else self.lines


def run_ending(run: Run) -> RunEnding:
    """Give how the run stands: while it runs the newest lines, when it failed the traceback or the last lines."""
    if run.state not in _ENDED_BADLY:
        return RunEnding(_sentence(run), "", _tail(run), is_traceback=False)
    stored = last_output_lines(run, _SEARCHED_LINES, _SEARCHED_PIECES)
    lines = [LogLine(number, text, longest=_LONGEST) for number, text in stored]
    found = find_traceback(lines)
    if found is not None:
        return _with_traceback(run, found)
    words = find_last_words(lines[-100:])
    return RunEnding(_sentence(run), " ".join(words.said.split()) if words else "", lines[-_TAIL:], is_traceback=False)


def _with_traceback(run: Run, found: FoundTraceback) -> RunEnding:
    lines, between = list(found.lines), len(found.lines) - _FIRST - _LAST
    if between > 0:
        lines = [*lines[:_FIRST], *lines[-_LAST:]]
    cause = found.exception.said.strip(" |+")
    return RunEnding(_sentence(run), cause, lines, is_traceback=True, left_out=max(0, between))


def _tail(run: Run) -> list[LogLine]:
    return [LogLine(number, text, longest=_LONGEST) for number, text in last_output_lines(run, _TAIL, 4)]


def _sentence(run: Run) -> str:
    if run.state == RunState.FAILED:
        return _exit(run.exit_code)
    if run.state == RunState.CRASHED:
        silence = lasting(settings.HEARTBEAT_SECONDS)
        return _("Its script went silent: nothing was heard of it for %s.") % silence
    if run.state == RunState.KILLED:
        if run.stop_requested_at is not None:
            return _("It was stopped because a person asked for it.")
        return _("It was ended from outside before it was done.")
    if run.state == RunState.PREEMPTED:
        return _("Its machine was taken away before it was done.")
    return ""


def _exit(code: int | None) -> str:
    if code is None:
        return _("Its script ended without an exit code.")
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number).name if 0 < number < 65 else ""
    except ValueError:
        name = ""
    if not name:
        return _("Its script ended with exit code %d.") % code
    said = _("A signal ended its script: %(name)s, exit code %(code)d.") % {"name": name, "code": code}
    return f"{said} {_('Most often memory ran out.')}" if name == "SIGKILL" else said
