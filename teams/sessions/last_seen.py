"""Middleware of when members were last seen in a team: who reads a page of it is noted there, at most once an hour.

Of the person's other teams nothing is told by it. The row is read for the frame of the page anyway
(`teams.context_processors`), so that most pages cost no statement more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from teams.models import ApiKey, Membership

Handler = Callable[[HttpRequest], HttpResponse]
_NOTED_EVERY = timedelta(hours=1)
# What the frame of the page leaves on the request.
SEEN = "_membership_seen"


class LastSeen:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        here = getattr(request, SEEN, None)
        # Who is refused, or sends a form, is seen at the next page.
        if here is not None and request.method == "GET" and response.status_code == 200:
            note(here)
        return response


def note(membership: Membership) -> None:
    now, before = timezone.now(), membership.last_seen_at
    if before is None or now - before >= _NOTED_EVERY:
        Membership.objects.filter(pk=membership.pk).update(last_seen_at=now)


def with_last_seen(rows: QuerySet[Membership]) -> list[Membership]:
    """Give the members of a team with `last_seen_at`: by a page, or by a key that reaches this team alone."""
    members = list(rows)
    teams = {one.team_id for one in members}
    keys = ApiKey.objects.filter(team__in=teams).order_by().values("user", "team").annotate(at=Max("last_used_at"))
    by_key = {(key["user"], key["team"]): key["at"] for key in keys}
    for one in members:
        moments = [at for at in (one.last_seen_at, by_key.get((one.user_id, one.team_id))) if at]
        one.last_seen_at = max(moments, default=None)
    return members
