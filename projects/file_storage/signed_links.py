"""Signed URLs that expire: whoever has one may upload or download a file without a key, for whom it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.urls import reverse

from common.data.file_names import safe_file_name
from common.own_addresses import absolute
from projects.file_storage.link_holders import LinkHolder
from projects.models import RunFile, StoredFile
from teams.access import Visitor
from teams.models import Team

# Salts: no link of one kind is one of the other. They stay as they are, for links that are out there.
_TO_SEND, _TO_FETCH = "projects.stored.send", "projects.stored.fetch"


class LinkRefused(Exception):
    """The address is not one of ours as it stands, or it is too old."""


@dataclass(frozen=True)
class UploadPlace:
    """What may be sent: to this team, with this MD5 or any, as this file of a run or none; and by whom.

    For a version of this project, or for none: it ends with that. A part of a file says how many parts like it the
    file has at least.
    """

    team: int
    md5: str = ""
    run_file: int | None = None
    person: int = LinkHolder.person
    key: int = LinkHolder.key
    parts: int = 1
    project: int | None = None

    @property
    def holder(self) -> LinkHolder:
        return LinkHolder(self.person, self.key)


def upload_url(team: Team, md5: str, *, by: Visitor, project: int | None = None) -> str:
    """Give the address for a file of this MD5: of a version of this project, or of none, as an archive."""
    return _upload_address(UploadPlace(team.pk, md5, **asdict(LinkHolder.of(by)), project=project))


def part_urls(team: Team, digests: Sequence[str], *, by: Visitor, project: int | None) -> list[str]:
    """Give the addresses for the parts of a file, by their MD5, in their order. The last one may be smaller."""
    holder, last = asdict(LinkHolder.of(by)), len(digests)
    counts = [last if number == last else last - 1 for number in range(1, last + 1)]
    return [
        _upload_address(UploadPlace(team.pk, md5, **holder, parts=count, project=project))
        for md5, count in zip(digests, counts, strict=True)
    ]


def upload_url_for_run(file: RunFile, *, by: Visitor) -> str:
    return _upload_address(UploadPlace(file.run.project.team_id, run_file=file.pk, **asdict(LinkHolder.of(by))))


def download_url(stored: StoredFile, name: str, *, by: Visitor) -> str:
    """Give the address of what is stored. The name is only for people, and for what the file is saved as."""
    holder = LinkHolder.of(by)
    token = signing.dumps([stored.pk, holder.person, holder.key], salt=_TO_FETCH)
    return f"{_address('fetch_file', token)}/{quote(safe_file_name(name))}"


def missing_file_url(name: str) -> str:
    """Give the address that says why there is nothing to fetch."""
    return f"{_address('fetch_file', '-')}/{quote(safe_file_name(name))}"


def upload_place(token: str) -> UploadPlace:
    return UploadPlace(**_read(token, _TO_SEND))


def stored_file_of(token: str) -> StoredFile | None:
    """Give what the link is for; None where it is not kept (any more)."""
    if token == "-":
        return None
    return StoredFile.objects.filter(pk=_fetched(token)[0], arrived_at__isnull=False).first()


def download_holder(token: str) -> LinkHolder:
    """Give whom the link was made for."""
    _stored, *holder = _fetched(token)
    return LinkHolder(*holder)


def _fetched(token: str) -> list[int]:
    found = _read(token, _TO_FETCH)
    return found if isinstance(found, list) else [found]


def _upload_address(place: UploadPlace) -> str:
    return _address("send_file", signing.dumps(asdict(place), salt=_TO_SEND))


def _address(name: str, token: str) -> str:
    return absolute(reverse(name, args=[token]))


def _read(token: str, salt: str) -> Any:
    try:
        return signing.loads(token, salt=salt, max_age=settings.FILE_LINK_SECONDS)
    except signing.SignatureExpired:
        raise LinkRefused(
            "This link is too old; RUNBELL_FILE_LINK_SECONDS says how long one lasts. Ask again."
        ) from None
    except signing.BadSignature:
        raise LinkRefused("This link is not one that Runbell made.") from None
