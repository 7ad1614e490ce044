"""Usage by project: rows, bytes and the growth of a month, from what each project kept on each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet, Sum

from common.data.database_clock import database_now
from operations import recurring_jobs
from operations.models import ProjectUsage
from projects.models import Project
from teams.models import Team

_EACH_SECONDS = 6 * 3600
MONTH_DAYS = 30
# So many projects at once.
_MANY = 500


@dataclass(frozen=True)
class UsedByProject:
    """`grown_bytes` is what came, less what went, since the day `grown_since`; both None on the first day."""

    project: Project
    row_count: int
    bytes: int
    grown_bytes: int | None = None
    grown_since: date | None = None


def usage_by_project(team: Team) -> list[UsedByProject]:
    """Give what each project of the team keeps now, the largest first."""
    today = database_now().date()
    begin = _first_known(team, since=today - timedelta(days=MONTH_DAYS), today=today)
    found = [
        UsedByProject(project, rows, size, size - begin[project.pk].bytes, begin[project.pk].day)
        if project.pk in begin
        else UsedByProject(project, rows, size)
        for project, rows, size in _now(Project.objects.filter(team=team).select_related("team"))
    ]
    return sorted(found, key=lambda one: (-one.bytes, one.project.name))


def record_daily() -> None:
    """Note what each project keeps today, and forget what is older than a month. For the sweep."""
    if not recurring_jobs.claim("project_usage", every_seconds=_EACH_SECONDS):
        return
    today, after = database_now().date(), 0
    ProjectUsage.objects.filter(day__lt=today - timedelta(days=MONTH_DAYS + 1)).delete()
    while projects := list(Project.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_MANY]):
        usage = [
            ProjectUsage(project=project, day=today, row_count=rows, bytes=size)
            for project, rows, size in _now(Project.objects.filter(pk__in=projects))
        ]
        # The first of a day counts: then a month is one, whenever one looks.
        ProjectUsage.objects.bulk_create(usage, ignore_conflicts=True)
        after = projects[-1]


def _now(projects: QuerySet[Project]) -> list[tuple[Project, int, int]]:
    sums = projects.annotate(row_count=Sum("runs__rows_logged"), bytes=Sum("runs__bytes_logged"))
    return [(project, project.row_count or 0, project.bytes or 0) for project in sums]


def _first_known(team: Team, *, since: date, today: date) -> dict[int, ProjectUsage]:
    rows = ProjectUsage.objects.filter(project__team=team, day__gte=since, day__lt=today).order_by("-day")
    return {row.project_id: row for row in rows}
