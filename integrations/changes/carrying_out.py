"""Carrying out changes: each is a service of ours, for a run or version of the automation's own team.

Each gives what it did in a sentence, and does nothing a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from artifacts.models import Entry
from artifacts.services import add_aliases
from projects.models import Run, RunState
from projects.runs.editing import edit_run
from projects.runs.lifecycle import RunDetails, change_run, lock_run, stop_run
from teams.audit import audit_log

_LONGEST_NOTES = 50_000


class NothingToChange(Exception):
    """What is to be changed is not there any more, or not the team's."""


def stop(team: int, about: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    run = _run(team, about)
    if run.state != RunState.RUNNING:
        return f"The run was {run.state} already: there was nothing to stop."
    was_asked = run.stop_requested_at is not None
    stop_run(run)
    if was_asked:
        return "The run had been asked to stop already."
    audit_log.record("run.stop", f"run {run.project}/{run.name}", team=run.project.team, after={"stop": True})
    return "The run was asked to stop: its script is told with the next answer."


def tag(team: int, about: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    run = _run(team, about)
    if asked["tag"] in run.tags:
        return f"The run had the tag {asked['tag']} already."
    edit_run(run, {"tags": [*run.tags, asked["tag"]]}, by=None)
    return f"The run has the tag {asked['tag']}."


def note(team: int, about: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    run = _run(team, about)
    notes = f"{run.notes}\n{asked['text']}".strip()
    if len(notes) > _LONGEST_NOTES:
        raise NothingToChange(f"The notes of the run are full: {_LONGEST_NOTES} characters are the most.")
    edit_run(run, {"notes": notes}, by=None)
    return "It stands in the notes of the run."


def set_summary(team: int, about: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    run = lock_run(_run(team, about))
    key, value = asked["key"], asked["value"]
    before = {key: (run.client_summary or {}).get(key, run.summary.get(key))}
    # Against the limits of a summary, as what a script sends.
    details = RunDetails(client_summary={**(run.client_summary or {}), key: value})
    details.check()
    change_run(run, details)
    target = f"run {run.project}/{run.name}"
    audit_log.record("run.change", target, team=run.project.team, before=before, after={key: value})
    return f"{key} of the summary is {value}."


def move_alias(team: int, about: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    rows = Entry.objects.select_related("collection__project", "version")
    entry = rows.filter(
        version=about.get("version"), collection=about.get("collection"), collection__project__team=team
    ).first()
    if entry is None:
        raise NothingToChange("The version is not in a collection of the automation's team any more.")
    moved = add_aliases(entry, [asked["alias"]])
    return f"The version has the alias {asked['alias']}{'' if moved else ' already'}."


CHANGES: dict[str, Callable[[int, Mapping[str, Any], Mapping[str, Any]], str]] = {
    "stop_run": stop, "tag_run": tag, "note_on_run": note, "set_run_summary": set_summary, "move_alias": move_alias,
}  # fmt: skip


def _run(team: int, about: Mapping[str, Any]) -> Run:
    rows = Run.objects.select_related("project__team").filter(project__deletion=None, project__team__deletion=None)
    run = rows.filter(pk=about.get("run", 0)).first()
    if run is None:
        raise NothingToChange("The run is gone.")
    if run.project.team_id != team:
        raise NothingToChange("The run is another team's: an automation changes only what its own team has.")
    return run
