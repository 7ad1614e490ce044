"""Limits on guessing passwords and codes (lockout), by name and by address: after some wrong tries all wait.

Counted in the database: that holds for every process and over a restart, and signing in is rare. What is known of a
name stays secret: the same words, statements and time whether anybody is called so. A name is kept as a hash alone,
for people type passwords there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from common.http.too_many_requests import TooManyRequests
from common.processes.fair_lock import in_turn
from teams.accounts.rate_limits import network_of
from teams.audit import actor, audit_log
from teams.local_passwords import may_use_password
from teams.models import SignInTries, User

# The longest that a try has to wait before the lock comes.
_LONGEST_WAIT = 30
_FORGOTTEN_EACH_SECONDS = 60
_MOST_FORGOTTEN = 2000
_SALT = "teams.sign_in_tries"
_CODE = "code:"
# Codes are few, and asked of whoever knows the password: after the lock comes one try, and the next lock.
_CODES_REMEMBERED = timedelta(days=1)


class WrongPassword(Exception):
    """Says to `password_try` that this one was wrong."""


class WrongCode(WrongPassword):
    """Says to `code_try` that this one was wrong."""


class LimitedSignIn(ModelBackend):
    """Checks passwords, of every page that signs in; no other backend is asked after it."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or password is None:
            return None
        try:
            with password_try(username):
                found = super().authenticate(request, username=username, password=password, **kwargs)
                # Asked after the password was checked, so that it takes as long for everybody.
                if not isinstance(found, User) or not may_use_password(found):
                    raise WrongPassword
                return found
        except WrongPassword:
            raise PermissionDenied from None


@contextmanager
def password_try(name: str) -> Iterator[None]:
    """Check a password inside; raise WrongPassword there where it is none. Raises TooManyRequests beforehand.

    The try is counted first and taken back when it was right: of many at once no more get through than of one by one.
    """
    with _try(_subjects(_of_name(name)), "Too many wrong passwords for this name or from this address."):
        yield


@contextmanager
def code_try(user: User) -> Iterator[None]:
    """Check a second factor inside, as `password_try` has it; raise WrongCode there where it is wrong."""
    with _try(_subjects(_of_code(user)), "Too many wrong codes for this account or from this address."):
        yield


@contextmanager
def _try(subjects: list[str], said: str) -> Iterator[None]:
    _count(subjects, said)
    try:
        yield
    except TooManyRequests:
        _take_back(subjects)
        raise
    except WrongPassword:
        raise
    SignInTries.objects.filter(subject=subjects[0]).delete()
    _take_back(subjects[1:])


def unlock(name_or_address: str) -> int:
    """Forget the wrong passwords and codes for a name, or from an address; give how many there were."""
    person = User.objects.filter(username=name_or_address).first()
    try:
        subjects = [f"address:{network_of(name_or_address)}"]
    except ValueError:
        subjects = [_of_name(name_or_address), *([_of_code(person)] if person else [])]
    with transaction.atomic():
        found = list(SignInTries.objects.select_for_update().filter(subject__in=subjects))
        if not found:
            return 0
        tries = sum(row.count for row in found)
        # A name that is nobody's is not kept: it may be a password.
        is_name = subjects[0].startswith("name:")
        target = f"user {person or audit_log.MASK}" if is_name else subjects[0].replace(":", " ", 1)
        audit_log.record("sign_in.unlock", target, team=None, person=person, before={"tries": tries})
        SignInTries.objects.filter(pk__in=[row.pk for row in found]).delete()
        return tries


def forget_wrong_codes(user: User) -> None:
    SignInTries.objects.filter(subject=_of_code(user)).delete()


def forget_old_tries() -> None:
    """Delete some of what no longer counts; looks at most so often."""
    if not cache.add("teams.sign_in_tries.forget", 1, _FORGOTTEN_EACH_SECONDS):
        return
    now, codes = timezone.now(), Q(subject__startswith=_CODE)
    old = ~codes & Q(last_at__lt=now - _lock_time()) | codes & Q(last_at__lt=now - _remembered(_CODE))
    rows = SignInTries.objects.filter(old).order_by("last_at")
    # Looked up first: a DELETE takes SQLite's write lock even where it deletes nothing.
    if keys := list(rows.values_list("pk", flat=True)[:_MOST_FORGOTTEN]):
        SignInTries.objects.filter(pk__in=keys).delete()


def _subjects(guessed: str) -> list[str]:
    """Give what is counted, what is guessed first. By address none where there is none, as behind a Unix socket."""
    address = actor.current().address
    return [guessed, *([f"address:{network_of(address)}"] if address else [])]


def _of_name(name: str) -> str:
    # Without regard to case, as people type; keyed, so that a copy of the database does not tell what was typed.
    return f"name:{salted_hmac(_SALT, name.casefold(), algorithm='sha256').hexdigest()}"


def _of_code(user: User) -> str:
    return f"{_CODE}{user.pk}"


def _count(subjects: list[str], said: str) -> None:
    """Count a try of each; where one of them has to wait, of none.

    Who has to wait is mostly found out by reading: of many that are refused none shall keep others from writing.
    """
    now = timezone.now()
    _refuse_waiting(SignInTries.objects.filter(subject__in=subjects), now, said)
    with in_turn(), transaction.atomic():
        SignInTries.objects.bulk_create(
            [SignInTries(subject=subject, last_at=now) for subject in subjects], ignore_conflicts=True
        )
        # In the order of their names: two that share an address do not wait for each other.
        rows = list(SignInTries.objects.select_for_update().filter(subject__in=subjects).order_by("subject"))
        _refuse_waiting(rows, now, said)
        for row in rows:
            row.count = 1 if now - row.last_at >= _remembered(row.subject) else row.count + 1
            row.last_at = now
            row.save(update_fields=["count", "last_at"])


def _refuse_waiting(rows: Iterable[SignInTries], now: datetime, said: str) -> None:
    wait = max((_wait(row, now) for row in rows), default=0.0)
    if wait > 0:
        raise TooManyRequests(said, wait)


def _wait(row: SignInTries, now: datetime) -> float:
    """Give how many seconds the next try has to wait."""
    over = row.count - settings.SIGN_IN_SLOW_AFTER
    pause = min(2.0 ** min(over, 10), _LONGEST_WAIT) if over >= 0 else 0.0
    if row.count >= settings.SIGN_IN_LOCK_AFTER:
        pause = settings.SIGN_IN_LOCK_SECONDS
    return float(pause - (now - row.last_at).total_seconds())


def _take_back(subjects: list[str]) -> None:
    SignInTries.objects.filter(subject__in=subjects, count__gt=0).update(count=F("count") - 1)


def _lock_time() -> timedelta:
    return timedelta(seconds=settings.SIGN_IN_LOCK_SECONDS)


def _remembered(subject: str) -> timedelta:
    return max(_lock_time(), _CODES_REMEMBERED) if subject.startswith(_CODE) else _lock_time()
