"""Wording of silences: what one is about, and when it holds, for pages and REST."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from automations.engine.silencing import times_of
from automations.models import Silence

_READABLE = "%Y-%m-%d %H:%M"


def is_on(silence: Silence, at: datetime) -> bool:
    """Whether it holds at this moment."""
    return times_of(silence).window_at(at) is not None


def about_of(silence: Silence) -> str:
    """Say what it is about: all of acme; the run x7k2p9, tagged nightly."""
    parts = []
    if silence.automation:
        parts.append(_("the automation “%(name)s”") % {"name": silence.automation.name})
    if silence.run:
        parts.append(_("the run %(name)s") % {"name": silence.run})
    if silence.project:
        parts.append(_("the project %(name)s") % {"name": silence.project})
    if silence.tag:
        parts.append(_("runs tagged %(tag)s") % {"tag": silence.tag})
    return ", ".join(parts) or _("everything of %(team)s") % {"team": silence.team.name}


def when_of(silence: Silence) -> str:
    """Say when it holds, in the zone of who reads; a weekly one in its own."""
    if not silence.weekdays:
        return _("until %(end)s") % {"end": _moment(silence.ends_at)}
    days = ", ".join(_weekdays()[day] for day in silence.weekdays)
    hours, minutes = divmod(silence.minutes, 60)
    lasting = f"{hours} h {minutes} min" if minutes else f"{hours} h"
    said = _("%(days)s from %(time)s for %(lasting)s (%(zone)s)") % {
        "days": days, "time": silence.from_time, "lasting": lasting, "zone": silence.zone,
    }  # fmt: skip
    return said if silence.ends_at is None else _("%(when)s, until %(end)s") % {
        "when": said, "end": _moment(silence.ends_at),
    }  # fmt: skip


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):{_READABLE}}" if at else ""


def _weekdays() -> list[str]:
    return [
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
    ]  # fmt: skip
