"""The actor of the audit log: who acts and from where, in a context variable, known to services without a request."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from teams.models import Organization, Team, User

ActorPerson = Callable[[], User | None]


@dataclass(frozen=True)
class Denial:
    """Somebody asked for what is not theirs to see or to change; `team` or `organization` owns it."""

    team: Team | None = None
    organization: Organization | None = None


@dataclass
class Actor:
    """`person` is asked late: who it is may be found out after the request has come in.

    `is_confirmed`: whether a browser's person has confirmed lately who they are; commands and keys need not.
    """

    door: str
    person: ActorPerson = lambda: None
    address: str | None = None
    agent: str = ""
    key: str = ""
    denials: list[Denial] = field(default_factory=list)
    is_confirmed: Callable[[], bool] = lambda: True


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor:
    """Give where what happens now comes from: without anything said it is a command on this machine."""
    return _current.get() or Actor("command", agent=_command())


@contextmanager
def acting_from(actor: Actor) -> Iterator[Actor]:
    """Let everything inside come from there."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def acting(user: User, key: str) -> None:
    """Say that the request shows a key of this person."""
    actor = current()
    actor.person, actor.key, actor.is_confirmed = (lambda: user), key, lambda: True


def note_denial(team: Team | None = None, organization: Organization | None = None) -> None:
    """Note that access is refused. It is written once the request has been answered, in a transaction of its own."""
    current().denials.append(Denial(team, organization))


def _command() -> str:
    """Give the command and the user of the operating system: `manage.py provision, root`."""
    program = Path(sys.argv[0]).name if sys.argv else ""
    words = [program, *(sys.argv[1:2] if program in ("manage.py", "runbell") else ())]
    try:
        return f"{' '.join(words)}, {getpass.getuser()}"
    except (KeyError, OSError):  # no such user, as in some containers
        return " ".join(words)
