"""The backtest summary for people: a number, the days, the runs, and a chart of the metric."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from automations.conditions.condition import Condition
from automations.definitions import scopes
from automations.engine.loaded_automation import UnreadableAutomation
from automations.insight.backtest import BacktestFiring, BacktestResult, backtest
from automations.insight.chart_annotations import FireAnnotation, annotations_of, metric_condition
from automations.insight.suggestions import runs_in
from automations.models import Automation
from common.data.validation_errors import refuse
from events import event_types
from projects.charts.chart_json import columns_of
from projects.history.reading import rows_of
from projects.history.row_values import value_at
from projects.models import Run, Stream
from teams import access
from teams.models import User

DAYS = 30
_PLACES = 5
# A longer run is not read for a picture.
_LONGEST_DRAWN = 20_000
_HEIGHT, _BAR, _STEP = 40, 7, 10


@dataclass(frozen=True)
class DayBar:
    """A day of the strip: its place in the drawing, and what it says."""

    x: int
    y: float
    height: float
    day: str
    count: int


@dataclass(frozen=True)
class BacktestChart:
    """A run's metric with what the automation would have done."""

    run: Run
    metric: str
    data: dict[str, Any]

    @property
    def json(self) -> str:
        return json.dumps(self.data)


@dataclass(frozen=True)
class BacktestSummary:
    """What a backtest found, in words and pictures."""

    answer: str
    notes: list[str] = field(default_factory=list)
    bars: Sequence[DayBar] = ()
    places: Sequence[BacktestFiring] = ()
    chart: BacktestChart | None = None
    days: int = DAYS

    @property
    def width(self) -> int:
        return len(self.bars) * _STEP


def backtest_summary(user: User, automation: Automation, *, seconds: float) -> BacktestSummary:
    """Backtest with an automation that may be unsaved. Raises ValidationError where it cannot be read."""
    until = timezone.now()
    try:
        found = backtest(automation, until - timedelta(days=DAYS), until, seconds=seconds)
    except UnreadableAutomation as error:
        refuse("automation", str(error))
    return BacktestSummary(
        answer=_answer(found),
        notes=list(_notes(automation, found)),
        bars=_bars(found, until) if found.fired else (),
        places=list(reversed(found.firings))[:_PLACES],
        chart=_chart(user, automation, found),
    )


def _answer(found: BacktestResult) -> str:
    if not found.fired:
        return _("It would not have fired.")
    text = ngettext("It would have fired once.", "It would have fired %(n)d times.", found.fired)
    return text % {"n": found.fired}


def _notes(automation: Automation, found: BacktestResult) -> list[str]:
    """Say what the number does not."""
    event = event_types.registry.get(automation.event_type)
    notes = []
    if found.reached:
        text = _("There is much to look at: it came as far as %s in the time it has, so there may be more.")
        notes.append(text % f"{timezone.localtime(found.reached):%Y-%m-%d %H:%M}")
    if not event.can_backtest:
        notes.append(_("Such events are only noted while an automation listens for them, so this says little."))
    elif not found.judged:
        notes.append(_("Nothing of this kind happened here in that time, so there is nothing to backtest on."))
    if found.suppressed:
        text = ngettext(
            "Once more it was suppressed by its cooldown or rate limit, or as late.",
            "%d more times it was suppressed by its cooldown or rate limit, or as late.",
            found.suppressed,
        )
        notes.append(text % found.suppressed if "%d" in text else text)
    return notes + [_("It could not be judged everywhere: %s") % failure for failure in found.failures]


def _bars(found: BacktestResult, until: datetime) -> list[DayBar]:
    days = [(until - timedelta(days=back)).date().isoformat() for back in range(DAYS, -1, -1)]
    most = max(found.by_day.values(), default=1)
    bars = []
    for place, day in enumerate(days):
        count = found.by_day.get(day, 0)
        height = max(4.0, round(_HEIGHT * count / most, 1)) if count else 1.5
        bars.append(DayBar(place * _STEP, _HEIGHT - height, height, day, count))
    return bars


def _chart(user: User, automation: Automation, found: BacktestResult) -> BacktestChart | None:
    """Draw the run where it would have fired last, else the newest that has the metric."""
    condition = metric_condition(automation)
    if condition is None:
        return None
    run = _run(user, automation, condition, found.firings)
    if run is None or run.rows_logged > _LONGEST_DRAWN:
        return None
    rows = list(rows_of(run))
    if not any(value_at(row, condition.metric) is not None for row in rows):
        rows = list(rows_of(run, Stream.SYSTEM))
    fires = [
        FireAnnotation(label=_("Would have fired: %s") % firing.why, step=firing.step)
        for firing in found.firings
        if firing.subject_key == run.stream_key and not firing.recovered
    ]
    metrics = {name: columns for name, columns in columns_of(rows).items() if name == condition.metric}
    data = {"metrics": metrics, "marks": {condition.metric: annotations_of(condition, fires, rows)}}
    return BacktestChart(run, condition.metric, data) if metrics else None


def _run(user: User, automation: Automation, condition: Condition, firings: Sequence[BacktestFiring]) -> Run | None:
    """Give the run to draw, among those that this person may see."""
    here = runs_in(scopes.of_automation(automation)).select_related("project__team")
    here = access.in_teams_of(user, here, "project__team")
    fired = [int(firing.subject_key.partition(":")[2]) for firing in firings]
    there = here.in_bulk(fired)
    if there:
        return next(there[pk] for pk in reversed(fired) if pk in there)
    recent = list(here[:20])
    return next((run for run in recent if value_at(run.summary, condition.metric) is not None), None)
