"""The runs of a project, and what runs used and made."""

from __future__ import annotations

from typing import Any, Unpack

from django.db.models import QuerySet

from artifacts.lineage import inputs_of, outputs_of
from artifacts.models import Version
from projects.models import Project, Run
from wandb_api import binding, pages
from wandb_api.caller import Info
from wandb_api.pages import Asked
from wandb_api.places import Place
from wandb_api.run_lists import ordered, runs_in

project, run = binding.of("Project"), binding.of("Run")


@project.field("runs")
def runs(found: Place, info: Info, **asked: Unpack[Asked]) -> dict[str, Any]:
    """A registry has none."""
    filters, order = asked.get("filters"), asked.get("order")
    rows = ordered(runs_in(found, filters), order) if isinstance(found, Project) else []
    return pages.page(rows, first=asked.get("first"), after=asked.get("after"))


@project.field("runCount")
def run_count(found: Place, info: Info, filters: str | None = None) -> int:
    return runs_in(found, filters).count() if isinstance(found, Project) else 0


@run.field("inputArtifacts")
def inputs(found: Run, info: Info, after: str | None = None, first: int | None = None) -> dict[str, Any]:
    return _page(inputs_of(found), first, after)


@run.field("outputArtifacts")
def outputs(found: Run, info: Info, after: str | None = None, first: int | None = None) -> dict[str, Any]:
    return _page(outputs_of(found), first, after)


def _page(rows: QuerySet[Version], first: int | None, after: str | None) -> dict[str, Any]:
    rows = rows.select_related("collection__project__team__organization", "run", "created_by")
    return pages.page(rows, first=first, after=after)
