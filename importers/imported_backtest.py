"""What a team's automations would have said of imported runs: the backtest of `automations.insight`, of these alone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from django.utils import timezone

from automations.engine.loaded_automation import UnreadableAutomation
from automations.insight.backtest import BacktestResult, backtest
from automations.models import Automation
from events import event_types
from importers.import_session import ImportReport
from projects.models import Run

# How long all automations together may take.
_SECONDS = 60.0
_SHOWN = 3


def backtest_lines(report: ImportReport, *, seconds: float = _SECONDS) -> Iterator[str]:
    """Give a line for each automation that listens where the runs are, and those of its last firings."""
    if not report.runs or report.began_at is None:
        return
    until, deadline = timezone.now(), time.monotonic() + seconds
    subjects = {run.stream_key for run in report.runs}
    for automation in _listening(report.runs):
        left = deadline - time.monotonic()
        if left <= 0:
            yield "The time for backtests is over; ask for the others on the automations' pages."
            return
        try:
            found = backtest(automation, report.began_at, until, seconds=left, subjects=subjects)
        except UnreadableAutomation as error:
            yield f"{automation.name}: cannot be backtested: {error}"
            continue
        yield f"{automation.name}: {_answer(found)}"
        yield from (f"  {one.at:%Y-%m-%d %H:%M} {one.subject_label}: {one.why}" for one in found.firings[-_SHOWN:])


def _listening(runs: Sequence[Run]) -> Iterable[Automation]:
    """Give the enabled automations on what happens to runs, in the scopes of these."""
    keys = [kind.key for kind in event_types.registry if kind.about == "run" and kind.can_backtest]
    scopes = {scope for project in {run.project for run in runs} for scope in project.scopes}
    rows = Automation.objects.filter(enabled=True, deleted_at__isnull=True, scope__in=scopes, event_type__in=keys)
    return rows.order_by("name", "id")


def _answer(found: BacktestResult) -> str:
    parts = [f"would have fired {found.fired} times" if found.fired != 1 else "would have fired once"]
    if found.suppressed:
        parts.append(f"{found.suppressed} more suppressed by its cooldown or rate limit, or as late")
    if found.reached:
        parts.append(f"as far as {found.reached:%Y-%m-%d %H:%M}, where the time was over")
    return "; ".join([*parts, *(f"not judged everywhere: {failure}" for failure in found.failures)])
