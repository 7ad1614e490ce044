"""The form of a silence: what it is about, and when it holds."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from automations.access import automations_of
from automations.silences.services import SilenceDraft
from projects.models import Project
from teams.access import in_teams_of, where_may
from teams.models import Membership, Role, Team, User

_DAYS = [
    (0, _("Mon")), (1, _("Tue")), (2, _("Wed")), (3, _("Thu")), (4, _("Fri")), (5, _("Sat")), (6, _("Sun")),
]  # fmt: skip
_DAY_MINUTES = 24 * 60


class SilenceForm(forms.Form):
    """Names of what is the team's own are looked up in that team."""

    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), to_field_name="name", empty_label=None)
    project = forms.CharField(label=_("Project"), required=False, max_length=128, help_text=_("Empty: all of them."))
    automation = forms.CharField(
        label=_("Automation"), required=False, max_length=255, help_text=_("By its name; empty: all of them.")
    )
    tag = forms.CharField(label=_("Runs tagged"), required=False, max_length=256)
    ends_at = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("A weekly one may have no end."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Each week on"), required=False, choices=_DAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    from_time = forms.TimeField(label=_("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    to_time = forms.TimeField(
        label=_("To"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=_("Where it is not later than the beginning: of the next day."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200, help_text=_("Why: it is said each time."))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        teams: Any = self.fields["team"]
        teams.queryset = Team.objects.filter(
            pk__in=where_may(user, Membership.objects.all(), Role.MEMBER).values("team")
        ).order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if team := cleaned.get("team"):
            self._look_up("project", in_teams_of(self._user, Project.objects.filter(team=team)), cleaned)
            self._look_up("automation", automations_of(self._user).filter(team=team), cleaned)
        if cleaned.get("weekdays") and not (cleaned.get("from_time") and cleaned.get("to_time")):
            self.add_error("from_time", _("Say from when to when it holds on these days."))
        return cleaned

    def draft(self) -> SilenceDraft:
        """Give what was typed, once it is valid. Times of a weekly one are of the zone of who typed them."""
        typed = self.cleaned_data
        weekly: dict[str, Any] = {}
        if typed["weekdays"]:
            begins: time = typed["from_time"]
            minutes = _minutes(typed["to_time"]) - _minutes(begins)
            weekly = {
                "weekdays": typed["weekdays"],
                "from_time": f"{begins:%H:%M}",
                "minutes": minutes if minutes > 0 else minutes + _DAY_MINUTES,
                "zone": timezone.get_current_timezone_name(),
            }
        ends_at: datetime | None = typed["ends_at"]
        return SilenceDraft(
            project=typed["project"], automation=typed["automation"], tag=typed["tag"], ends_at=ends_at,
            note=typed["note"], **weekly,
        )  # fmt: skip

    def _look_up(self, name: str, rows: Any, cleaned: dict[str, Any]) -> None:
        typed = cleaned.get(name)
        cleaned[name] = rows.filter(name=typed).order_by("pk").first() if typed else None
        if typed and cleaned[name] is None:
            self.add_error(name, _("The team has none of this name."))


def _minutes(one: time) -> int:
    return one.hour * 60 + one.minute
