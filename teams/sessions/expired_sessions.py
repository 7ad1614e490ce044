"""Sessions of people, where nobody shows their key: listed, ended, and cleared when they are over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from teams.audit import audit_log
from teams.models import Invitation, User, UserSession

# How many rows one step of the sweep deletes, and how often it looks.
MOST_CLEARED = 2000
_CLEARED_EACH_SECONDS = 60
# Invitations stay readable for that long after their time.
_INVITATIONS_KEPT = timedelta(days=30)
_TOLD = ("begun_at", "last_seen_at", "address", "agent", "method")


def sessions_of(user: User) -> QuerySet[UserSession]:
    """Give those in which the person is signed in, the one seen last first."""
    rows = UserSession.objects.filter(user=user, expire_date__gt=timezone.now())
    return rows.defer("session_data").order_by("-last_seen_at", "session_key")


def end_session(session: UserSession) -> None:
    """Sign that browser out; its next request leads to the sign-in."""
    with transaction.atomic():
        before = audit_log.columns(session, *_TOLD)
        if UserSession.objects.filter(pk=session.pk).delete()[0]:
            user = session.user
            audit_log.record("session.end", f"session of user {user}", team=None, person=user, before=before)


def end_sessions(user: User, *, but: str = "") -> int:
    """Sign the person out everywhere, or everywhere but in the session of this stored key; give how many ended."""
    with transaction.atomic():
        count = delete_sessions(user, but=but)
        if count:
            ended = {"sessions": count, "kept": "the one that asked" if but else "none"}
            audit_log.record("session.end_all", f"sessions of user {user}", team=None, person=user, before=ended)
    return count


def delete_sessions(user: User, *, but: str = "") -> int:
    """End them as a part of another change, whose audit row tells of it: a new password, an account switched off."""
    return UserSession.objects.filter(user=user).exclude(session_key=but).delete()[0]


def clear_expired() -> None:
    """Delete some of the sessions and invitations whose time is over. For the sweep; looks at most so often."""
    if not cache.add("teams.sessions.clear_expired", 1, _CLEARED_EACH_SECONDS):
        return
    now = timezone.now()
    _delete_some(UserSession.objects.filter(expire_date__lte=now))
    _delete_some(Invitation.objects.filter(expires_at__lt=now - _INVITATIONS_KEPT))


def _delete_some(rows: QuerySet[Any]) -> None:
    # Looked up first: a DELETE takes SQLite's write lock even where it deletes nothing.
    if keys := list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_CLEARED]):
        rows.filter(pk__in=keys).delete()
