"""A line of console output, taken apart: when it was written, by which rank of a training, and what it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from django.utils.safestring import SafeString

from projects.console import ansi
from projects.history.console_output import STAMP

# Of a longer line a list shows so many characters; its own address shows all of it.
SHOWN_CHARACTERS = 2000
# `[rank3]: ` of torch and torchrun, `[default3]:`, `3: ` of srun, `(Worker pid=7, ip=…) ` of Ray, `node-1: ` of pdsh.
_RANK = re.compile(
    r"(?P<rank>\[(?:rank|default|gpu)?\s?\d{1,5}\]:?|\d{1,5}:"
    r"|\(\w[\w.]{0,60}(?:\([^()]{0,60}\))? (?:rank|pid)=[^()]{1,60}\)"
    r"|[\w.-]{1,60}\d: (?=\s|Traceback|\w+Error))(?: |(?=\s)|$)"
)


@dataclass(frozen=True)
class LogLine:
    number: int
    stored: str
    is_whole: bool = False
    longest: int = SHOWN_CHARACTERS

    @cached_property
    def _parts(self) -> tuple[bool, str, str]:
        stamp = STAMP.match(self.stored)
        return (bool(stamp[1]), stamp[2], self.stored[stamp.end() :]) if stamp else (False, "", self.stored)

    @property
    def is_error(self) -> bool:
        """Whether it went to stderr."""
        return self._parts[0]

    @property
    def written_at(self) -> str:
        """When it was written, in UTC, to the second; empty where nobody said."""
        return self._parts[1][:19].replace("T", " ")

    @property
    def clock(self) -> str:
        return self.written_at[11:]

    @property
    def position(self) -> int:
        """Where it stands for people, who count from one."""
        return self.number + 1

    @cached_property
    def text(self) -> str:
        """What it says, without colours."""
        return ansi.plain(self._parts[2])

    @property
    def left_out(self) -> int:
        """How many characters `html` leaves out."""
        return 0 if self.is_whole else max(0, len(self._parts[2]) - self.longest)

    @property
    def html(self) -> SafeString:
        """What it says, with colours, for a page."""
        said = self._parts[2]
        return ansi.coloured(said if self.is_whole else said[: self.longest])

    @cached_property
    def rank(self) -> str:
        """The prefix that tells which process of several wrote it; empty where there is none."""
        found = _RANK.match(self.text)
        return found["rank"].strip() if found else ""

    @cached_property
    def said(self) -> str:
        """What it says without that prefix."""
        found = _RANK.match(self.text)
        return self.text[found.end() :] if found else self.text
