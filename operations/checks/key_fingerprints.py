"""Fingerprints of the keys of each host, compared through the database: hosts with different keys say so.

A fingerprint is an HMAC under the key itself, so that nobody learns of a key from the database, nor whether it is one
that they know from elsewhere, without having it. Of the vault's keys the first encrypts and all decrypt: what counts
is whether each host has the one that another encrypts with, so that keys can be rotated host by host.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations

from django.conf import settings
from django.utils.translation import gettext as _

from common.data.database_clock import database_now
from operations.models import HostKeys

logger = logging.getLogger(__name__)

_WRITTEN_SECONDS = 15.0
# A host that is silent for longer counts no more; its row goes after a day.
_FRESH, _KEPT = timedelta(minutes=2), timedelta(days=1)
_written_at = [-_WRITTEN_SECONDS]
_said: set[str] = set()


@dataclass(frozen=True)
class Keys:
    host: str
    secret: str
    # The first is that of the key that encrypts.
    vault: tuple[str, ...]


def of_this_host() -> Keys:
    vault = tuple(_fingerprint(key, "vault") for key in settings.FERNET_KEYS)
    return Keys(platform.node()[:64], _fingerprint(settings.SECRET_KEY, "secret"), vault)


def record_key_fingerprints() -> None:
    """Write those of this host now and then, and log what is new. For each process that lives: web and worker."""
    now = time.monotonic()
    if now - _written_at[0] < _WRITTEN_SECONDS:
        return
    is_first, _written_at[0] = _written_at[0] < 0, now
    ours = of_this_host()
    if is_first:
        # Those that it had before it was started with others; what does live with others writes them again.
        HostKeys.objects.filter(host=ours.host).delete()
    write(ours)
    for problem in problems():
        if problem not in _said:
            _said.add(problem)
            logger.warning("%s", problem)


def write(keys: Keys) -> None:
    seen_at = database_now()
    same = HostKeys.objects.filter(host=keys.host, secret_key=keys.secret, vault_keys=" ".join(keys.vault))
    if not same.update(seen_at=seen_at):
        HostKeys.objects.filter(seen_at__lt=seen_at - _KEPT).delete()
        row = HostKeys(host=keys.host, secret_key=keys.secret, vault_keys=" ".join(keys.vault), seen_at=seen_at)
        HostKeys.objects.bulk_create([row], ignore_conflicts=True)


def problems() -> list[str]:
    """Say in what this host differs from others that were seen a moment ago."""
    ours = of_this_host()
    return [problem for theirs in _seen() if theirs != ours for problem in _differences(ours, theirs)]


def problems_of_all() -> list[str]:
    """The same of any two hosts, whichever looks."""
    pairs = combinations(sorted(_seen(), key=lambda keys: (keys.host, keys.secret, keys.vault)), 2)
    return [problem for one, other in pairs for problem in _differences(one, other)]


def _seen() -> Iterable[Keys]:
    rows = HostKeys.objects.filter(seen_at__gt=database_now() - _FRESH)
    return [Keys(row.host, row.secret_key, tuple(row.vault_keys.split())) for row in rows]


def _differences(one: Keys, other: Keys) -> Iterator[str]:
    hosts = {"one": one.host, "other": other.host}
    if one.secret != other.secret:
        said = _(
            "The hosts %(one)s and %(other)s have different RUNBELL_SECRET_KEY: sessions and links of one are refused "
            "by the other. Give both the same."
        )
        yield said % hosts
    if one.vault[0] not in other.vault or other.vault[0] not in one.vault:
        said = _(
            "The hosts %(one)s and %(other)s have different RUNBELL_FERNET_KEYS: secrets that one writes the other "
            "cannot open. Give both the same."
        )
        yield said % hosts


def _fingerprint(key: str, purpose: str) -> str:
    return hmac.new(key.encode(), f"runbell key fingerprint, {purpose}".encode(), hashlib.sha256).hexdigest()[:32]
