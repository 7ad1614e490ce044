"""Who a signed URL was given to: it is good only while that person, their key and their membership are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from teams.access import Visitor
from teams.accounts.key_scopes import is_from
from teams.audit import actor
from teams.models import ApiKey, Membership, Role, User

# Nobody is named by links that were made before they named a person.
_UNNAMED = -1
_WRITERS = (Role.MEMBER, Role.ADMIN)


@dataclass(frozen=True)
class LinkHolder:
    """The person, and the key they showed, by their numbers; 0 for a page's link, which shows no key.

    A link from before links named a person opens what it opened, for what is left of its day.
    """

    person: int = _UNNAMED
    key: int = 0

    @classmethod
    def of(cls, user: Visitor) -> LinkHolder:
        key = getattr(user, "shown_key", None)
        return cls(user.pk or 0, key.pk if key is not None else 0)

    def may_send(self, team: int) -> bool:
        """Say whether they may still store in the team: one query."""
        return self.person == _UNNAMED or self._reaches(team, role__in=_WRITERS)

    def may_fetch(self, team: int | None) -> bool:
        """Say whether they are still on the team, in any role: one query."""
        return self.person == _UNNAMED or (team is not None and self._reaches(team))

    def user(self) -> User | None:
        """Give the person, who knows the key; None where one of both is gone or over."""
        user = User.objects.filter(pk=self.person, is_active=True).first()
        if user is not None and self.key:
            user.shown_key = _usable(ApiKey.objects.filter(pk=self.key, user=user))
            return user if user.shown_key is not None else None
        return user

    def _reaches(self, team: int, **membership: Any) -> bool:
        there = Membership.objects.filter(team=team, team__deletion=None)
        rows = there.filter(user=self.person, user__is_active=True, **membership)
        if not self.key:
            return rows.exists()
        key = _usable(ApiKey.objects.filter(pk=self.key, user__in=rows.values("user")))
        return key is not None and key.team_id in (None, team) and team not in key.closed_to


def _usable(rows: QuerySet[ApiKey]) -> ApiKey | None:
    key = rows.first()
    if key is None or (key.expires_at is not None and key.expires_at <= timezone.now()):
        return None
    return key if is_from(actor.current().address, key.networks) else None
