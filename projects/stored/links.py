"""Addresses that may be used without a key, by whoever has them, for a while: to send a file, or to fetch one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.urls import reverse

from projects.models import RunFile, StoredFile
from teams.models import Team

# No link of one kind is one of the other.
_TO_SEND, _TO_FETCH = "projects.stored.send", "projects.stored.fetch"


class Refused(Exception):
    """The address is not one of ours as it stands, or it is too old."""


@dataclass(frozen=True)
class Place:
    """What may be sent: to this team, with this MD5 or any, as this file of a run or none."""

    team: int
    md5: str = ""
    run_file: int | None = None


def to_send(team: Team, md5: str) -> str:
    """Give the address for a file of this MD5."""
    return _address("send_file", signing.dumps(asdict(Place(team.pk, md5)), salt=_TO_SEND))


def to_send_for_run(file: RunFile) -> str:
    place = Place(file.run.project.team_id, run_file=file.pk)
    return _address("send_file", signing.dumps(asdict(place), salt=_TO_SEND))


def to_fetch(stored: StoredFile, name: str) -> str:
    """Give the address of what is stored. The name is only for people, and for what the file is saved as."""
    return f"{_address('fetch_file', signing.dumps(stored.pk, salt=_TO_FETCH))}/{quote(name)}"


def nothing_kept(name: str) -> str:
    """Give the address that says why there is nothing to fetch."""
    return f"{_address('fetch_file', '-')}/{quote(name)}"


def place_of(token: str) -> Place:
    return Place(**_read(token, _TO_SEND))


def stored_at(token: str) -> StoredFile | None:
    """Give what the link is for; None where it is not kept (any more)."""
    if token == "-":
        return None
    return StoredFile.objects.filter(pk=_read(token, _TO_FETCH), arrived_at__isnull=False).first()


def _address(name: str, token: str) -> str:
    return f"{settings.RUNBELL_URL}{reverse(name, args=[token])}"


def _read(token: str, salt: str) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=settings.FILE_LINK_SECONDS)
    except signing.SignatureExpired:
        raise Refused("This link is too old; RUNBELL_FILE_LINK_SECONDS says how long one lasts. Ask again.") from None
    except signing.BadSignature:
        raise Refused("This link is not one that Runbell made.") from None
