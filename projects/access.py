"""Access control and lookup by name: the projects and runs that a person may see."""

from __future__ import annotations

from functools import cache

from django.db.models import QuerySet
from django.http import Http404

from common.statements.prepared_query import PreparedQuery
from projects.models import Project, Run
from teams import access
from teams.models import Role, User


def project_named(user: User, team: str, name: str, least: Role = Role.VIEWER) -> Project:
    """Give the project; 404 for what the person cannot see, 403 where the role is too low."""
    found = access.team_named(user, team, least)
    project = Project.objects.select_related("team__organization").filter(team=found, name=name).first()
    if project is None:
        raise Http404(f"There is no project {name!r} in the team {team!r}.")
    return project


def hidden_scopes() -> frozenset[str]:
    """Give the scopes of the projects that are being deleted: what happened there is told nowhere."""
    hidden = Project.all_rows.exclude(deletion=None, team__deletion=None)
    return frozenset(f"project:{pk}" for pk in hidden.values_list("pk", flat=True))


def run_named(user: User, team: str, project: str, name: str, least: Role = Role.VIEWER) -> Run:
    """Give the run, or refuse as `project_named` does."""
    return _run_where_may(user, team, project, name, least)


def _run_where_may(user: User, team: str, project: str, name: str, least: Role, *, for_ingest: bool = False) -> Run:
    query = _named(least, for_ingest=for_ingest)
    found = query.first(person=user.pk, team=team, project=project, name=name) if user.is_active else None
    if found is not None and access.is_reached_by_key(user, found.project.team_id):
        return found
    return _run_among(_for_ingest() if for_ingest else _whole(), user, team, project, name, least)


def _whole() -> QuerySet[Run]:
    return Run.objects.select_related("project__team__organization", "user")


@cache
def _named(least: Role, *, for_ingest: bool = False) -> PreparedQuery[Run]:
    """Prepare the question for the run with the role in one statement: what is refused is asked for step by step."""

    def build(person: int, team: str, project: str, name: str) -> QuerySet[Run]:
        rows = _for_ingest() if for_ingest else _whole()
        mine = access.where_has_role(person, rows, least, "project__team")
        return mine.filter(project__team__name=team, project__name=project, name=name)[:1]

    return PreparedQuery(build, person=int, team=str, project=str, name=str)


def run_for_ingest(user: User, team: str, project: str, name: str) -> Run:
    """Give the run, read no further than `projects.runs.ingest` needs it: scripts post often."""
    return _run_where_may(user, team, project, name, Role.MEMBER, for_ingest=True)


def _for_ingest() -> QuerySet[Run]:
    narrow = (
        "name", "project__name", "project__acts_on_late_values", "project__late_after_hours",
        "project__team__name", "project__team__organization", "user__username",
    )  # fmt: skip
    return Run.objects.select_related("project__team", "user").only(*narrow)


def _run_among(rows: QuerySet[Run], user: User, team: str, project: str, name: str, least: Role) -> Run:
    # Only among those they may see: one of another team is asked for in as many statements as one that is not there.
    mine = access.in_teams_of(user, rows, "project__team")
    run = mine.filter(project__team__name=team, project__name=project, name=name).first()
    if run is None:
        project_named(user, team, project, least)
        raise Http404(f"There is no run {name!r} in {team}/{project}.")
    access.require(user, run.project.team, least)
    return run
