"""A team's own days of retention: fewer than the installation's, set by its admins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from common.data.validation_errors import quoted, refuse
from operations.models import TeamRetention
from operations.retention.cutoffs import fewer
from operations.retention.retention_kind import RetentionKind, registry
from teams.audit import audit_log
from teams.models import Team, User

MOST_DAYS = 36_500


@dataclass(frozen=True)
class KindDays:
    """For how many days a team keeps a kind, and what the installation and the team say. 0 and None: nothing."""

    kind: type[RetentionKind]
    installation: int
    own: int | None

    @property
    def days(self) -> int:
        """The days that hold; 0: for ever."""
        return self.installation if self.own is None else fewer(self.own, self.installation)


def days_of(team: Team) -> list[KindDays]:
    own = dict(TeamRetention.objects.filter(team=team).values_list("kind", "days"))
    return [KindDays(kind, settings.RETENTION_DAYS[kind.key], own.get(kind.key)) for kind in registry]


def set_days(team: Team, days: Mapping[str, int | None], *, by: User | None = None) -> None:
    """Set the team's own days of these kinds, all or none; None: as the installation has it."""
    for key, number in days.items():
        check_days(key, number)
    with transaction.atomic():
        before = dict(TeamRetention.objects.filter(team=team).values_list("kind", "days"))
        for key, number in days.items():
            if number is None:
                TeamRetention.objects.filter(team=team, kind=key).delete()
            else:
                TeamRetention.objects.update_or_create(team=team, kind=key, defaults={"days": number})
        after = {**before, **days}
        if all(before.get(key) == number for key, number in days.items()):
            return
        audit_log.record("retention.change", f"team {team}", team=team, by=by, before=before, after=after)


def check_days(key: str, number: int | None) -> None:
    """Refuse days that a team may not have of the kind."""
    field = f"days.{key}"
    if key not in registry:
        refuse(
            field, f"{quoted(key)} is no kind of retention. Choose among: {', '.join(kind.key for kind in registry)}."
        )
    if not registry.get(key).teams_may_shorten:
        refuse(field, f"How long {quoted(key)} is kept is the operator's to say.")
    most = settings.RETENTION_DAYS[key] or MOST_DAYS
    if number is not None and not 1 <= number <= most:
        refuse(field, f"{number} days are not between 1 and {most}, for which this installation keeps {quoted(key)}.")
