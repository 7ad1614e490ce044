"""GraphQL lists of the runs of a project, and of the artifacts that runs used and made."""

from __future__ import annotations

from typing import Unpack

from django.db.models import QuerySet

from artifacts.lineage import input_versions, output_versions
from artifacts.models import Version
from projects.models import Project, Run
from wandb_api.graphql import connections, resolver_tables
from wandb_api.graphql.caller import Info
from wandb_api.graphql.connections import PageRequest
from wandb_api.lookup.projects import SdkProject
from wandb_api.search.runs import ordered, runs_in

project, run = resolver_tables.table_of("Project"), resolver_tables.table_of("Run")


@project.field("runs")
def runs(found: SdkProject, info: Info, **asked: Unpack[PageRequest]) -> connections.RelayPage:
    """A registry has none."""
    filters, order = asked.get("filters"), asked.get("order")
    rows = ordered(runs_in(found, filters), order) if isinstance(found, Project) else []
    return connections.page(rows, first=asked.get("first"), after=asked.get("after"))


@project.field("runCount")
def run_count(found: SdkProject, info: Info, filters: str | None = None) -> int:
    return runs_in(found, filters).count() if isinstance(found, Project) else 0


@run.field("inputArtifacts")
def inputs(found: Run, info: Info, after: str | None = None, first: int | None = None) -> connections.RelayPage:
    return _page(input_versions(found), first, after)


@run.field("outputArtifacts")
def outputs(found: Run, info: Info, after: str | None = None, first: int | None = None) -> connections.RelayPage:
    return _page(output_versions(found), first, after)


def _page(rows: QuerySet[Version], first: int | None, after: str | None) -> connections.RelayPage:
    rows = rows.select_related("collection__project__team__organization", "run", "created_by")
    return connections.page(rows, first=first, after=after)
