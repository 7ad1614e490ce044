"""First names (onboarding): who signs in first names organization, team and admin once, and keeps the sample or not.

`Team.sample["unnamed"]` says who that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from sample.services import remove_sample
from teams.audit import audit_log
from teams.models import Team, User
from teams.names.renaming import rename_organization, rename_team

UNNAMED = "unnamed"


@dataclass(frozen=True)
class FirstNames:
    organization: str
    team: str
    username: str
    keeps_sample: bool


def unnamed_team(user: User) -> Team | None:
    """Give the team that this person, and nobody else, is asked to name."""
    rows = Team.objects.select_related("organization").filter(memberships__user=user, archived_at=None)
    return next((team for team in rows if team.sample.get(UNNAMED) == user.pk), None)


def give_names(team: Team, user: User, names: FirstNames) -> Team:
    """Name them, all or none, and ask no more. Raises ValidationError by field."""
    with transaction.atomic():
        if names.organization != team.organization.name:
            _at("organization", lambda: rename_organization(team.organization, names.organization, by=user))
        if names.team != team.name:
            _at("team", lambda: rename_team(team, names.team, by=user))
        _rename(user, names.username)
        named = Team.objects.select_related("organization").get(pk=team.pk)
        if not names.keeps_sample:
            remove_sample(named)
        ask_no_more(named, keeps_sample=names.keeps_sample)
    return named


def ask_no_more(team: Team, *, keeps_sample: bool = True) -> None:
    with transaction.atomic():
        locked = Team.objects.select_for_update(of=("self",)).get(pk=team.pk)
        gone = {UNNAMED} if keeps_sample else {UNNAMED, "wanted"}
        locked.sample = {name: value for name, value in locked.sample.items() if name not in gone}
        locked.save(update_fields=["sample"])


def _rename(user: User, username: str) -> None:
    changed = User.objects.get(pk=user.pk)
    before, changed.username = {"username": changed.username}, username
    changed.clean_fields(exclude=["password"])
    changed.validate_unique()
    changed.save(update_fields=["username"])
    after = {"username": username}
    audit_log.record("user.change", f"user {username}", team=None, person=user, by=changed, before=before, after=after)


def _at(field: str, work: Callable[[], object]) -> None:
    try:
        work()
    except ValidationError as error:
        raise ValidationError({field: error.messages}) from error
