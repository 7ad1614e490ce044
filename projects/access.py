"""Access control and lookup by name: the projects and runs that a person may see."""

from __future__ import annotations

from functools import cache

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import Http404

from common.archived_rows import refuse_archived
from common.statements.prepared_query import PreparedQuery, PreparedValues
from events import ledger
from projects.history.writing import HISTORY_LOGGED
from projects.models import Project, Run
from projects.runs.lifecycle import lock_run
from teams import access
from teams.models import Role, Team, User
from teams.names import former_names


def project_named(user: User, team: str, name: str, least: Role = Role.VIEWER) -> Project:
    """Give the project; 404 for what the person cannot see, 403 where the role is too low."""
    found = access.team_named(user, team, least)
    rows = Project.objects.select_related("team__organization").filter(team=found)
    project = former_names.by_name(rows, former_names.PROJECT, name, owner=found.pk).first()
    if project is None:
        raise Http404(f"There is no project {name!r} in the team {team!r}.")
    if least != Role.VIEWER:
        refuse_archived(project)
    former_names.led(former_names.PROJECT, name, project.name)
    return project


def hidden_scopes() -> frozenset[str]:
    """Give the scopes of the projects that are being deleted: what happened there is told nowhere."""
    return frozenset(f"project:{pk}" for (pk,) in _hidden.rows())


_hidden = PreparedValues(lambda: Project.all_rows.exclude(deletion=None, team__deletion=None).values_list("pk"))


def inactive_scopes() -> frozenset[str]:
    """Give the scopes in which nothing fires: of projects that are archived or being deleted, and archived teams."""
    return frozenset(
        [*(f"project:{pk}" for (pk,) in _inactive.rows()), *(f"team:{pk}" for (pk,) in _archived_teams.rows())]
    )


_inactive = PreparedValues(
    lambda: Project.all_rows.exclude(deletion=None, team__deletion=None, archived_at=None).values_list("pk")
)
_archived_teams = PreparedValues(lambda: Team.objects.exclude(archived_at=None).values_list("pk"))


def run_named(user: User, team: str, project: str, name: str, least: Role = Role.VIEWER) -> Run:
    """Give the run, or refuse as `project_named` does."""
    found = _named(least).first(person=user.pk, team=team, project=project, name=name) if user.is_active else None
    if found is not None and access.is_reached_by_key(user, found.project.team_id):
        return found
    return _run_among(_whole(), user, team, project, name, least)


def _whole() -> QuerySet[Run]:
    return Run.objects.select_related("project__team__organization", "user")


@cache
def _named(least: Role) -> PreparedQuery[Run]:
    """Prepare the question for the run with the role in one statement: what is refused is asked for step by step."""

    def build(person: int, team: str, project: str, name: str) -> QuerySet[Run]:
        mine = access.where_has_role(person, _whole(), least, "project__team")
        return mine.filter(project__team__name=team, project__name=project, name=name)[:1]

    return PreparedQuery(build, person=int, team=str, project=str, name=str)


# Bytes of a body: up to so many it costs less to read them than to ask whose run it is, which is asked with the rows.
MOST_UNASKED = 256 * 1024


def lock_run_to_log(user: User, team: str, project: str, name: str) -> Run:
    """Lock the run and give it, read no further than `projects.runs.ingest` needs it; refuse as `run_named` does.

    In one query, for scripts log often: who may, which run, and whether anybody listens.
    """
    found = _to_log.first(person=user.pk, team=team, project=project, name=name) if user.is_active else None
    if found is not None and access.is_reached_by_key(user, found.project.team_id):
        return found
    # Where it is to be refused, it is asked for step by step.
    return lock_run(_run_among(_whole(), user, team, project, name, Role.MEMBER))


def _run_to_log(person: int, team: str, project: str, name: str) -> QuerySet[Run]:
    # What is large and seldom asked for is read only then.
    seldom = ("config", "telemetry", "client_summary", "tags", "notes", "program", "project__description")
    rows = Run.objects.select_for_update(of=("self",)).select_related("project__team", "user").defer(*seldom)
    scopes = [
        Concat(Value(f"{kind}:"), Cast(OuterRef(path), CharField()))
        for kind, path in (
            ("project", "project_id"), ("team", "project__team_id"), ("organization", "project__team__organization_id"),
        )
    ]  # fmt: skip
    heard = Exists(ledger.subscriptions_of(HISTORY_LOGGED, scopes))
    rows = rows.annotate(is_heard=heard)  # type: ignore[no-redef]
    mine = access.where_has_role(person, rows, Role.MEMBER, "project__team")
    return mine.filter(project__team__name=team, project__name=project, name=name)[:1]


_to_log = PreparedQuery(_run_to_log, person=int, team=str, project=str, name=str)


def _run_among(rows: QuerySet[Run], user: User, team: str, project: str, name: str, least: Role) -> Run:
    # Only among those they may see: one of another team is asked for in as many statements as one that is not there.
    mine = access.in_teams_of(user, rows, "project__team")
    run = mine.filter(project__team__name=team, project__name=project, name=name).first()
    if run is None:
        # By a name of before it may be there.
        run = mine.filter(project=project_named(user, team, project, least), name=name).first()
    if run is None:
        raise Http404(f"There is no run {name!r} in {team}/{project}.")
    access.require_within(user, run.project, least)
    return run
