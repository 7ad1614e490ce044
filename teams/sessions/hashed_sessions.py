"""Session storage: a row for each session with a hash of its key, its person, and its idle and absolute lifetime.

The key is what a browser shows to be signed in. As Django stores it, whoever reads a copy of the database is signed in
as everybody; a hash signs in nobody, as with API keys. (allauth.usersessions keeps the keys themselves, so not that.)
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import Q
from django.utils import timezone

from teams.models import UserSession

# How stale "last seen" may be: else every request would write.
_SEEN_EVERY = timedelta(minutes=1)
# What stands in the row beside the data, and stays when the data is saved.
_KEPT = ("begun_at", "last_seen_at", "address", "agent", "method")


def hashed(session_key: str) -> str:
    """Give what stands in the table: as long as Django's own keys, and no more to be guessed than they."""
    return hashlib.blake2b(session_key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


class SessionStore(db.SessionStore):
    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._kept: dict[str, Any] = {}

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    @property
    def stored_key(self) -> str:
        """What names the session in the table, and in pages: it signs nobody in."""
        return hashed(self.session_key or "")

    def begin(self, *, address: str | None, agent: str, method: str) -> None:
        """Note that a person signed in now, from where and how: both lifetimes begin."""
        now = timezone.now()
        self._kept = {
            "begun_at": now, "last_seen_at": now, "address": address, "agent": agent[:300], "method": method[:60],
        }  # fmt: skip
        self.modified = True

    def note_activity(self, *, address: str | None, agent: str) -> None:
        """Move the idle time, at most once a minute. A session that was ended meanwhile stays so."""
        now = timezone.now()
        seen = self._kept.get("last_seen_at")
        if not seen or now - seen < _SEEN_EVERY:
            return
        self._kept |= {"last_seen_at": now, "address": address, "agent": agent[:300]}
        moved = {**self._kept, "expire_date": self.get_expiry_date()}
        UserSession.objects.filter(session_key=self.stored_key, last_seen_at__lte=now).update(**moved)

    def get_expiry_date(self, **_of_django: Any) -> datetime:
        """Give the sooner end: of being idle for too long, and of the absolute lifetime."""
        now = timezone.now()
        return _ends_at(self._kept.get("begun_at", now), self._kept.get("last_seen_at", now))

    async def aget_expiry_date(self, **_of_django: Any) -> datetime:
        return self.get_expiry_date()

    def flush(self) -> None:
        super().flush()
        self._kept = {}

    async def aflush(self) -> None:
        await super().aflush()
        self._kept = {}

    def exists(self, session_key: str) -> bool:
        return super().exists(hashed(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(hashed(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        return self._row(data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> UserSession:
        return self._row(data)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(hashed(key))

    async def adelete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            await super().adelete(hashed(key))

    def _get_session_from_db(self) -> UserSession | None:
        return self._taken(UserSession.objects.filter(self._is_alive()).first())

    async def _aget_session_from_db(self) -> UserSession | None:
        return self._taken(await UserSession.objects.filter(self._is_alive()).afirst())

    def _is_alive(self) -> Q:
        return Q(session_key=self.stored_key, expire_date__gt=timezone.now())

    def _taken(self, row: UserSession | None) -> UserSession | None:
        # Asked again: the settings may be shorter than when the row was written.
        if row is None or _ends_at(row.begun_at, row.last_seen_at) <= timezone.now():
            self._session_key = None
            return None
        self._kept = {name: getattr(row, name) for name in _KEPT}
        return row

    def _row(self, data: dict[str, Any]) -> UserSession:
        person = str(data.get(SESSION_KEY, ""))
        return UserSession(
            session_key=self.stored_key,
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=int(person) if person.isdigit() else None,
            **self._kept,
        )


def _ends_at(begun_at: datetime, last_seen_at: datetime) -> datetime:
    idle = last_seen_at + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return min(idle, begun_at + timedelta(seconds=settings.SESSION_LIFETIME_SECONDS))
