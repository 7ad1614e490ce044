"""The first key of a service account, handed over once: to who made the account, within ten minutes.

The SDK makes an account in one request and reads its key in the next. In between the key itself is nowhere: it is
derived from the server's secret key, a random text beside its hash, and who made it; that text goes once it is read.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from teams.accounts.api_key import KeyLimits, digest_of, store_key
from teams.accounts.key_scopes import KeyScope, includes
from teams.models import ApiKey, Team, User

_GOOD_FOR = timedelta(minutes=10)
_LETTERS = string.ascii_letters + string.digits


def create(account: User, team: Team, *, by: User) -> ApiKey:
    """Store a key of the account for this team: it ends no later, and works from nowhere else, than the shown one."""
    shown = by.shown_key
    limits = KeyLimits(team=team)
    if shown is not None:
        limits = KeyLimits(team=team, expires_at=shown.expires_at, networks=shown.networks)
    # Of those that nobody came for, nothing is to be derived any more.
    ApiKey.objects.filter(created_at__lte=timezone.now() - _GOOD_FOR).exclude(handover=None).update(handover=None)
    nonce = secrets.token_urlsafe(32)
    key = store_key(account, "first key", _derived(nonce, by), limits)
    ApiKey.objects.filter(pk=key.pk).update(handover=nonce)
    return key


def read_once(account: User, reader: User) -> str | None:
    """Give the key to who made the account, and to nobody a second time."""
    shown = reader.shown_key
    if shown is not None and not includes(shown.scope, KeyScope.ALL):
        return None
    waiting = ApiKey.objects.filter(user=account, created_at__gt=timezone.now() - _GOOD_FOR)
    for key in waiting.exclude(handover=None):
        plain = _derived(key.handover or "", reader)
        if digest_of(plain) == key.digest and waiting.filter(pk=key.pk, handover=key.handover).update(handover=None):
            return plain
    return None


def _derived(nonce: str, maker: User) -> str:
    """Give a key of the usual form. 44 letters of 62 are 260 bits, of which HMAC-SHA512 gives 512."""
    text = f"handed over key:{nonce}:{maker.pk}".encode()
    number = int.from_bytes(hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha512).digest(), "big")
    letters = []
    for _ in range(44):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "rb" + "".join(letters)
