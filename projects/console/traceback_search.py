"""Find what ended a run in its console output: a Python traceback, whole if chained, or last words such as Killed.

Processes of one training write between each other's lines: each rank's are read by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from projects.console.log_line import LogLine

_HEADER = re.compile(r"[\s|+]*(?:Exception Group )?Traceback \(most recent call last\):")
_CHAINED = re.compile(
    r"[\s|]*(?:During handling of the above exception, another exception occurred|"
    r"The above exception was the direct cause of the following exception):"
)
_EXCEPTION = re.compile(
    r"[\s|]*(?:[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Group|Warning|Timeout|[A-Z]\w*))(?::|$)"
)
_INSIDE = re.compile(r"[\s|+]")
# An error's message goes on over so many lines, until one is blank.
_MOST_MESSAGE = 12
# What else a script prints behind it.
_OTHERS = re.compile(
    r"wandb:|\d{4}-\d\d-\d\d|\[\d{4}-|[WEI]\d{4} |(?:INFO|WARNING|ERROR|DEBUG)\b|srun:|slurmstepd:|Traceback"
)
# Characters of a line that may be words of its end.
_LOOKED_AT = 2000
# A launcher fails because its worker did: the worker says why.
_LAUNCHER = re.compile(r"ChildFailedError|CalledProcessError|ProcessRaisedException|ProcessExitedException")
_LAST_WORDS = re.compile(
    r"(?:^|\s)Killed(?:$|\s{2,})|out of memory|OutOfMemoryError|oom[-_ ]kill|Segmentation fault|Bus error|core dumped|"
    r"Fatal Python error|CUDA error|NCCL .*error|terminate called after|"
    r"Aborted|DUE TO (?:TIME LIMIT|PREEMPTION|NODE FAILURE)|No space left on device|Cannot allocate memory|"
    r"^\w*(?:Error|Exception): ",
    re.IGNORECASE,
)

# No exception of the script: what it caught before is no reason.
_FROM_OUTSIDE = re.compile(r"(?:^|\s)Killed(?:$|\s{2,})|oom[-_ ]kill|Segmentation fault|Bus error|DUE TO [A-Z]+ [A-Z]+")
# Behind the traceback that ended a process stands no more than its farewell; of one that was caught the log goes on.
_MOST_FAREWELL = 200


@dataclass(frozen=True)
class FoundTraceback:
    """The lines of a traceback, of one rank, and the line that names the exception."""

    lines: Sequence[LogLine]
    exception: LogLine

    @property
    def is_of_launcher(self) -> bool:
        return bool(_LAUNCHER.search(self.exception.said))


def find_traceback(lines: Sequence[LogLine]) -> FoundTraceback | None:
    """Give the traceback that most likely ended the run; None where there is none.

    Of one process it is the last one. Of several ranks that fell, that of the first: the others fail because of it.
    """
    last: dict[str, FoundTraceback] = {}
    for rank, said in _by_rank(lines).items():
        for found in _tracebacks(said):
            last[rank] = found
    told = {rank: found for rank, found in last.items() if not found.is_of_launcher} or last
    ranked = [found for rank, found in told.items() if rank]
    if ranked:
        return min(ranked, key=lambda found: found.lines[0].number)
    only = told.get("")
    return only if only is not None and _is_end(only, lines) else None


def _is_end(found: FoundTraceback, lines: Sequence[LogLine]) -> bool:
    """Whether nothing says that the script went on after it, or that something else ended it."""
    after = [line for line in lines if line.number > found.exception.number]
    return len(after) <= _MOST_FAREWELL and not any(_FROM_OUTSIDE.search(line.said[:_LOOKED_AT]) for line in after)


def find_last_words(lines: Sequence[LogLine]) -> LogLine | None:
    """Give the last line that says why a process ended without a traceback, such as `Killed`."""
    return next((line for line in reversed(lines) if _LAST_WORDS.search(line.said[:_LOOKED_AT])), None)


def _by_rank(lines: Sequence[LogLine]) -> dict[str, list[LogLine]]:
    found: dict[str, list[LogLine]] = {}
    for line in lines:
        found.setdefault(line.rank, []).append(line)
    return found


def _tracebacks(lines: Sequence[LogLine]) -> list[FoundTraceback]:
    found: list[FoundTraceback] = []
    place = 0
    start: int | None = None
    while place < len(lines):
        if not _HEADER.match(lines[place].said):
            place += 1
            continue
        start = place if start is None else start
        exception, end = _end_of(lines, place + 1)
        if exception is None:
            place, start = end, None
            continue
        following = _chained_at(lines, end)
        if following is None:
            found.append(FoundTraceback(lines[start:end], lines[exception]))
            start = None
        place = end if following is None else following
    return found


def _end_of(lines: Sequence[LogLine], place: int) -> tuple[int | None, int]:
    """Give where the exception of a traceback is named, and where what it says ends."""
    while place < len(lines) and (_INSIDE.match(lines[place].said) and not _HEADER.match(lines[place].said)):
        if "|" in lines[place].said[:8] and _EXCEPTION.match(lines[place].said) and "  File" not in lines[place].said:
            # In a group everything stands behind a bar.
            return place, _rest_of_group(lines, place)
        place += 1
    if place >= len(lines) or not lines[place].said or _HEADER.match(lines[place].said):
        return None, place
    end = place + 1
    while (
        end < len(lines) and end - place < _MOST_MESSAGE and lines[end].said.strip() and not _is_other(lines[end].said)
    ):
        end += 1
    return place, end


def _rest_of_group(lines: Sequence[LogLine], place: int) -> int:
    while place < len(lines) and re.match(r"\s+[|+]", lines[place].said):
        place += 1
    return place


def _is_other(said: str) -> bool:
    return bool(_OTHERS.match(said) or _CHAINED.match(said))


def _chained_at(lines: Sequence[LogLine], end: int) -> int | None:
    """Give where the traceback begins that this one led to."""
    place = end
    while place < len(lines) and place - end < 4:
        said = lines[place].said
        if _CHAINED.match(said):
            after = place + 1
            while after < len(lines) and not lines[after].said.strip():
                after += 1
            return after if after < len(lines) and _HEADER.match(lines[after].said) else None
        if said.strip():
            return None
        place += 1
    return None
