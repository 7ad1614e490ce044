"""Notices to the admins of a team: one is open until it is settled, or a person dismisses it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from teams.models import Notice, Team


def open_notice(team: Team | int, key: str, text: str, url: str = "") -> None:
    """Open a notice, or say an open one anew; it is one however often it is told.

    `key` names the matter, such as `KIND:12`; `url` leads to where it can be mended. May be called in a transaction:
    it goes out by e-mail later, from the worker (`teams.notices.notice_mail`).
    """
    team_id = team if isinstance(team, int) else team.pk
    said = {"text": text[:1000], "url": url}
    # The constraint decides between two who tell at once; neither loses its transaction.
    Notice.objects.bulk_create([Notice(team_id=team_id, key=key, **said)], ignore_conflicts=True)
    _open(team_id, key).update(**said)


def settle_notice(team: Team | int, key: str) -> None:
    """Close the notice, if one is open: what it told of is no longer so."""
    _open(team if isinstance(team, int) else team.pk, key).update(settled_at=timezone.now())


def dismiss_notice(notice: Notice) -> None:
    """Close this one because a person has read it. Told again, it opens again."""
    Notice.objects.filter(pk=notice.pk, settled_at__isnull=True).update(settled_at=timezone.now())


def open_notices(teams: Iterable[Team]) -> QuerySet[Notice]:
    """The open notices of these teams, the newest first."""
    return Notice.objects.filter(team__in=teams, settled_at__isnull=True).select_related("team").order_by("-id")


def _open(team_id: int, key: str) -> QuerySet[Notice]:
    return Notice.objects.filter(team_id=team_id, key=key, settled_at__isnull=True)
