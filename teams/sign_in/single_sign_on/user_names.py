"""User names of people whom an identity provider brings: safe, and nobody else's."""

from __future__ import annotations

import re
import unicodedata

from common.data.names import RESERVED
from teams.models import User

_LONGEST = 48
_NOT_TAKEN = re.compile(r"[^a-z0-9_.-]+")


def free_username(wanted: str) -> str:
    """Give a user name near the wanted one that nobody has, in whatever case: `anna.meier`, `anna.meier-2`."""
    start = plain(wanted)
    taken = {
        name.lower() for name in User.objects.filter(username__istartswith=start).values_list("username", flat=True)
    }
    if start not in taken:
        return start
    return next(name for number in range(2, len(taken) + 3) if (name := f"{start}-{number}") not in taken)


def plain(wanted: str) -> str:
    """Give it in lower-case ASCII letters, digits and `_ . -`, without what follows an @.

    Plain ASCII: no name shall look like another one's.
    """
    ascii_only = unicodedata.normalize("NFKD", wanted.partition("@")[0]).encode("ascii", "ignore").decode()
    name = _NOT_TAKEN.sub("-", ascii_only.lower())[:_LONGEST].strip("-_.")
    return name if name and name not in RESERVED else f"person-{name}".rstrip("-")
