"""The form of a team's own days of retention, and what would go by what is typed."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.data.database_clock import database_now
from operations.retention.cutoffs import fewer
from operations.retention.retention_kind import Cutoffs
from operations.retention.team_days import KindDays, check_days, days_of
from teams.models import Team


@dataclass(frozen=True)
class DueRows:
    """How many rows of a kind would go at once with so many days."""

    kind: KindDays
    days: int
    rows: int


class TeamDaysForm(forms.Form):
    """One field for each kind that a team may keep for fewer days; empty: as the installation has it."""

    def __init__(self, team: Team, *args: Any, **kwargs: Any) -> None:
        self._team = team
        self.kinds = [one for one in days_of(team) if one.kind.teams_may_shorten]
        initial = {one.kind.key: one.own for one in self.kinds}
        super().__init__(*args, **{"label_suffix": "", "initial": initial, **kwargs})
        for one in self.kinds:
            self.fields[one.kind.key] = _field(one)

    def clean(self) -> dict[str, Any]:
        for key, number in list(self.cleaned_data.items()):
            try:
                check_days(key, number)
            except ValidationError as error:
                self.add_error(key, [message for messages in error.message_dict.values() for message in messages])
        return self.cleaned_data

    def due_rows(self) -> list[DueRows]:
        """Count what would go with the days that are typed, where they are other ones than now."""
        now, found = database_now(), []
        for one in self.kinds:
            typed = self.cleaned_data[one.kind.key]
            if typed == one.own:
                continue
            days = one.installation if typed is None else fewer(typed, one.installation)
            moment = {self._team.pk: now - timedelta(days=days)} if days else {}
            due = one.kind().count_due(Cutoffs(None, moment))
            found.append(DueRows(one, days, due[self._team.pk]))
        return found


def _field(one: KindDays) -> forms.IntegerField:
    installation = _("%s days") % one.installation if one.installation else _("for ever")
    about = " ".join((inspect.getdoc(one.kind) or "").split())
    return forms.IntegerField(
        required=False,
        label=one.kind.label,
        error_messages={"invalid": _("This is no number of days. Write one such as 30, or nothing.")},
        help_text=_("Days; empty: as the installation has it, %(days)s. %(about)s")
        % {"days": installation, "about": about},
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": one.installation or "∞"}),
    )
