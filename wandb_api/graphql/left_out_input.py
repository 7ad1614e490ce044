"""Who is told of input that is left out: the user of a call that waits for its answer, else the page of the run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404

from artifacts.models import Upload
from projects.access import run_named
from projects.models import Run
from projects.runs.limit_notes import note_left_out_input
from teams.access import in_teams_of, require_within
from teams.models import Role, User
from wandb_api.graphql.caller import Caller
from wandb_api.graphql.errors import NotImplementedHere
from wandb_api.graphql.global_ids import kind_and_key
from wandb_api.graphql.input_variables import KnownInput, LeftOutInput
from wandb_api.sdk_table.inputs import NOT_DONE

logger = logging.getLogger(__name__)
# How `wandb.Api()` calls itself: whoever called it waits for the answer, and reads what is refused.
_CALLS = "W&B Public Client"
_MOST = 20
# How a run is named: its entity, its project, its id.
_NAMES = (("entityName", "entity"), ("projectName", "modelName", "project"), ("runName", "name"))


def refuse_in_call(by: Caller, given: KnownInput) -> None:
    """Refuse it where a person's call waits and names no run. Raises NotImplementedHere."""
    if given.left_out and by.agent.startswith(_CALLS) and _run_of(by, given.variables) is None:
        raise NotImplementedHere(f"the input {', '.join(map(str, given.left_out[:_MOST]))}")


def tell(by: Caller, given: KnownInput) -> None:
    """Say it once on the page of the run that the input is of, and in the log; of no run in the log alone.

    A script sends this beside its training: refused, it would lose all else that the request says.
    """
    left_out = given.left_out[:_MOST]
    run = _run_of(by, given.variables) if left_out else None
    if run is not None:
        note_left_out_input(run, {f"{one.kind}.{one.name}": _sentence(one) for one in left_out})
        return
    for one in left_out:
        logger.warning("GraphQL dropped the unknown input %s", one)


def _sentence(one: LeftOutInput) -> str:
    what = NOT_DONE.get(f"{one.kind}.{one.name}")
    said = f"The script says {one}" + (f": {what}" if what else "")
    return f"{said}. Runbell does not do that, and went on without it."


def _run_of(by: Caller, variables: Mapping[str, Any]) -> Run | None:
    """Give the run that the variables name, where the caller may log to it."""
    if not isinstance(by.user, User):
        return None
    for said in (variables, *variables.values()):
        if isinstance(said, Mapping):
            with suppress(Http404, PermissionDenied):
                if found := _named(by.user, said):
                    return found
    return None


def _named(user: User, said: Mapping[str, Any]) -> Run | None:
    """By its name, as artifacts and files are sent; by an artifact that is being sent; by what starts it."""
    if isinstance(artifact := said.get("artifactID"), str) and "runName" not in said:
        return _sender_of(user, artifact)
    entity, project, run = (_first(said, *spellings) for spellings in _NAMES)
    return run_named(user, entity, project, run, Role.MEMBER) if entity and project and run else None


def _first(said: Mapping[str, Any], *spellings: str) -> str:
    found = next((said[name] for name in spellings if said.get(name)), "")
    return found if isinstance(found, str) else ""


def _sender_of(user: User, artifact: str) -> Run | None:
    kind, key = kind_and_key(artifact)
    rows = Upload.objects.select_related("run__project__team").filter(pk=key)
    found = in_teams_of(user, rows, "collection__project__team").first() if kind == "ArtifactUpload" else None
    if found is None or found.run is None:
        return None
    require_within(user, found.run.project, Role.MEMBER)
    return found.run
