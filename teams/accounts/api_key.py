"""API keys: created, stored as a hash, found, expired, deleted. 46 random letters and digits each."""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.data.validation_errors import quoted, refuse
from common.logs import log_context
from common.statements.prepared_query import PreparedQuery
from teams.accounts.key_scopes import KeyScope, includes, is_from
from teams.accounts.rate_limits import count_person, count_wrong_key
from teams.audit import actor, audit_log
from teams.models import ApiKey, Team, User

# The wandb SDK refuses keys under 40 characters, and hyphens mean something to it.
_LETTERS = string.ascii_letters + string.digits
_SHORTEST = 40
# How stale "last used" may be: else every request would write.
_USE_NOTED_EVERY = timedelta(minutes=1)


class UnusableKey(Exception):
    """The key is right, and may not be used: its time is over, or it may not come from here."""


@dataclass(frozen=True)
class KeyLimits:
    """What a key may do of what its person may; as it stands: everything, everywhere, without an end."""

    expires_at: datetime | None = None
    scope: str = KeyScope.ALL
    team: Team | None = None
    networks: str = ""


def create_key(user: User, name: str, limits: KeyLimits = KeyLimits()) -> tuple[ApiKey, str]:
    """Give the stored key and its plain text, which nobody can see again. Raises ValidationError by field.

    Where the request itself showed a key, the new one may do nothing that it may not, and ends no later.
    """
    if limits.expires_at is not None and limits.expires_at <= timezone.now():
        refuse("expires_at", f"{limits.expires_at:%Y-%m-%d %H:%M} is over. Give a time to come, or leave it out.")
    if limits.scope not in KeyScope.values:
        refuse("scope", f"{quoted(limits.scope)} is no scope. Choose one of: {', '.join(KeyScope.values)}.")
    if user.shown_key is not None:
        limits = _within(user.shown_key, limits)
    plain = "rb" + "".join(secrets.choice(_LETTERS) for _ in range(44))
    return store_key(user, name, plain, limits), plain


def store_key(user: User, name: str, plain: str, limits: KeyLimits = KeyLimits()) -> ApiKey:
    """Store a key that was made elsewhere; the same key of the same person again changes nothing."""
    if len(plain) < _SHORTEST:
        refuse("api_keys", f"The key {name!r} has {len(plain)} characters; use {_SHORTEST} or more.")
    values = {"user": user, "name": name, "start": plain[:6], **vars(limits)}
    with transaction.atomic():
        key, created = ApiKey.objects.get_or_create(digest=digest_of(plain), defaults=values)
        if created:
            audit_log.record("key.create", f"API key {key}", team=None, person=user, after=_audit_values(key))
    if not created and key.user_id != user.pk:
        refuse("api_keys", f"The key {name!r} belongs to someone else; make a new one.")
    return key


def close_key(key: ApiKey, team: Team) -> None:
    """Let the key reach this team no more: what it may elsewhere is not this team's to say."""
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
        ApiKey.objects.filter(pk=key.pk).update(closed_to=sorted({*locked.closed_to, team.pk}))
        audit_log.record("key.close", f"API key {key} of {key.user}", team=team, before=_audit_values(key))


def reaching(team: Team) -> QuerySet[ApiKey]:
    """Give the keys of the team's people that lead to it, with their people."""
    rows = ApiKey.objects.filter(user__memberships__team=team, user__is_active=True).select_related("user", "team")
    rows = rows.filter(Q(team=None) | Q(team=team)).order_by("user__username", "name", "pk")
    closed = [key.pk for key in rows if team.pk in key.closed_to]
    return rows.exclude(pk__in=closed)


def delete_key(key: ApiKey) -> None:
    """Take it back: whoever uses it is refused from now on."""
    with transaction.atomic():
        audit_log.record("key.delete", f"API key {key}", team=None, person=key.user, before=_audit_values(key))
        key.delete()


def key_of(plain: str) -> ApiKey | None:
    """Give the key with its user, who knows it as `shown_key`; None where there is none. Raises UnusableKey.

    Raises TooManyRequests where its person sends too much, or its address too many that are not known.
    """
    key = _of_digest.first(digest=digest_of(plain))
    if key is None:
        count_wrong_key()
        return None
    actor.acting(key.user, str(key))
    log_context.note_caller(user=key.user.username, key=key.start)
    count_person(key.user)
    now = timezone.now()
    if key.expires_at and key.expires_at <= now:
        raise UnusableKey(f"This API key expired on {key.expires_at:%Y-%m-%d %H:%M} UTC. Make a new one in Runbell.")
    if not is_from(actor.current().address, key.networks):
        raise UnusableKey("This API key may not be used from this address. Ask for it to be widened, or make another.")
    _note_use(key, now)
    key.user.shown_key = key
    return key


_of_digest = PreparedQuery(
    lambda digest: ApiKey.objects.select_related("user").filter(digest=digest, user__is_active=True)[:1], digest=str
)


def _within(shown: ApiKey, limits: KeyLimits) -> KeyLimits:
    """Refuse what the key that is shown may not; what is left out is as it has it."""
    if not includes(shown.scope, limits.scope):
        refuse("scope", f"A key with the scope {shown.scope!r} makes none with {limits.scope!r}.")
    if shown.expires_at and (limits.expires_at is None or limits.expires_at > shown.expires_at):
        refuse(
            "expires_at", f"A key makes none that lives longer: this one ends {shown.expires_at:%Y-%m-%d %H:%M} UTC."
        )
    if shown.closed_to or (shown.team and limits.team and limits.team != shown.team):
        refuse("team", f"A key makes none that reaches further than itself: {shown.team or 'it was closed to a team'}.")
    if shown.networks and limits.networks and limits.networks != shown.networks:
        refuse("networks", f"A key makes none for other addresses than its own: {shown.networks}.")
    return replace(limits, team=limits.team or shown.team, networks=limits.networks or shown.networks)


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at and now - key.last_used_at < _USE_NOTED_EVERY:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def _audit_values(key: ApiKey) -> dict[str, Any]:
    return audit_log.columns(key, "name", "start", "user", "expires_at", "scope", "team", "networks")


def digest_of(plain: str) -> str:
    """Give what is kept of a key."""
    # Plain SHA-256 suffices: a key is 260 random bits, so there is nothing to guess.
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
