"""API keys: 46 random letters and digits, of which we keep a hash."""

from __future__ import annotations

import hashlib
import secrets
import string
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from common.refusals import refuse
from teams import audit, origin
from teams.models import ApiKey, User

# The wandb SDK refuses keys under 40 characters, and hyphens mean something to it.
_LETTERS = string.ascii_letters + string.digits
_SHORTEST = 40
# How stale "last used" may be: else every request would write.
_USE_NOTED_EVERY = timedelta(minutes=1)


class Expired(Exception):
    """The key was right once."""


def create_key(user: User, name: str, *, expires_at: datetime | None = None) -> tuple[ApiKey, str]:
    """Give the stored key and its plain text, which nobody can see again."""
    plain = "rb" + "".join(secrets.choice(_LETTERS) for _ in range(44))
    return keep_key(user, name, plain, expires_at=expires_at), plain


def keep_key(user: User, name: str, plain: str, *, expires_at: datetime | None = None) -> ApiKey:
    """Store a key that was made elsewhere; the same key of the same person again changes nothing."""
    if len(plain) < _SHORTEST:
        refuse("api_keys", f"The key {name!r} has {len(plain)} characters; use {_SHORTEST} or more.")
    values = {"user": user, "name": name, "start": plain[:6], "expires_at": expires_at}
    with transaction.atomic():
        key, created = ApiKey.objects.get_or_create(digest=_digest(plain), defaults=values)
        if created:
            audit.record("key.create", f"API key {key}", team=None, person=user, after=_told(key))
    if not created and key.user_id != user.pk:
        refuse("api_keys", f"The key {name!r} belongs to someone else; make a new one.")
    return key


def delete_key(key: ApiKey) -> None:
    """Take it back: whoever uses it is refused from now on."""
    with transaction.atomic():
        audit.record("key.delete", f"API key {key}", team=None, person=key.user, before=_told(key))
        key.delete()


def key_of(plain: str) -> ApiKey | None:
    """Give the key with its user; None where there is none, `Expired` where its time is over."""
    key = ApiKey.objects.select_related("user").filter(digest=_digest(plain), user__is_active=True).first()
    if key is None:
        return None
    origin.acting(key.user, str(key))
    now = timezone.now()
    if key.expires_at and key.expires_at <= now:
        raise Expired(f"This API key expired on {key.expires_at:%Y-%m-%d %H:%M} UTC. Make a new one in Runbell.")
    _note_use(key, now)
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at and now - key.last_used_at < _USE_NOTED_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _told(key: ApiKey) -> dict[str, Any]:
    return audit.columns(key, "name", "start", "user", "expires_at")


def _digest(plain: str) -> str:
    # Plain SHA-256 suffices: a key is 260 random bits, so there is nothing to guess.
    return hashlib.sha256(plain.encode()).hexdigest()
