"""Time to live (TTL) of versions: a team's default, who may set another, and the deleting of those that are over.

A version that is linked anywhere is kept. `expires_at` is kept as it follows from all of this, so that the sweep and
lists read one column.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, Value

from artifacts.editing import delete_version
from artifacts.models import Entry, TimeToLivePolicy, Version
from artifacts.services import lock_collection
from common.data.database_clock import database_now
from common.data.validation_errors import refuse
from teams.access import may
from teams.audit import audit_log
from teams.models import Role, Team, User

logger = logging.getLogger(__name__)
# A hundred years, in which no date is too far away.
LONGEST_SECONDS = 100 * 365 * 86_400
_EACH_SECONDS = 60


def policy_of(team: Team) -> TimeToLivePolicy:
    return TimeToLivePolicy.objects.filter(team=team).first() or TimeToLivePolicy(team=team)


def set_policy(
    team: Team, *, default_seconds: int | None, members_may_set: bool, by: User | None = None
) -> TimeToLivePolicy:
    """Change the team's rule; versions without a time to live of their own follow it at once."""
    check_ttl(default_seconds, "default_seconds")
    values = {"default_seconds": default_seconds, "members_may_set": members_may_set}
    with transaction.atomic():
        before = policy_of(team)
        policy, _created = TimeToLivePolicy.objects.update_or_create(team=team, defaults=values)
        audit_log.record(
            "artifact_ttl.change", f"team {team}", team=team, by=by, after=values,
            before={name: getattr(before, name) for name in values},
        )  # fmt: skip
        rows = Version.objects.filter(collection__project__team=team, ttl_is_inherited=True)
        if default_seconds is None:
            rows.update(expires_at=None)
        else:
            end = F("created_at") + Value(timedelta(seconds=default_seconds))
            rows.update(expires_at=ExpressionWrapper(end, output_field=DateTimeField()))
        return policy


def require_may_set(user: User, team: Team) -> None:
    """Refuse a time to live from whom the team's rule does not let set one."""
    if not policy_of(team).members_may_set and not may(user, team, Role.ADMIN):
        raise PermissionDenied(f"In the team {team} only admins set artifact.ttl. Leave it out, or ask one of them.")


def set_ttl(version: Version, seconds: int | None) -> None:
    """Let the version be deleted so many seconds after it was made; 0: never; None: as the team has it."""
    check_ttl(seconds)
    with transaction.atomic():
        lock_collection(version.collection)
        version.ttl_is_inherited = seconds is None
        length = policy_of(version.team).default_seconds if seconds is None else seconds
        version.expires_at = version.created_at + timedelta(seconds=length) if length else None
        version.save(update_fields=["ttl_is_inherited", "expires_at"])


def delete_expired_versions(limit: int = 200) -> int:
    """Delete versions whose time to live is over, with their aliases; give how many."""
    now = database_now()
    found = _expired().filter(expires_at__lte=now).select_related("collection__project__team").order_by("expires_at")
    deleted = 0
    for version in found[:limit]:
        with transaction.atomic():
            lock_collection(version.collection)
            # It may have been linked since, or been given more time.
            if not _expired().filter(pk=version.pk, expires_at__lte=now).exists():
                continue
            logger.info("The time to live of %s is over: it is deleted.", version)
            delete_version(version, with_aliases=True)
            deleted += 1
    return deleted


def delete_expired_each_minute() -> None:
    """The same, at most once a minute."""
    if cache.add("artifacts.time_to_live", 1, _EACH_SECONDS):
        delete_expired_versions()


def _expired() -> QuerySet[Version]:
    """Give the versions that may be over: those that are linked nowhere."""
    links = Entry.objects.filter(version=OuterRef("pk")).exclude(collection=OuterRef("collection"))
    return Version.objects.filter(~Exists(links), expires_at__isnull=False)


def check_ttl(seconds: int | None, field: str = "ttlDurationSeconds") -> None:
    if seconds is not None and not 0 <= seconds <= LONGEST_SECONDS:
        refuse(field, f"{seconds} seconds; a time to live has 1 to {LONGEST_SECONDS}. Choose another.")
