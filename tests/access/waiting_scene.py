"""The scene with more in it, all of which waits for its deletion: nobody finds a word of it, that begins with `waitzq`.

Of the team red a project; of its project that stays a run, a collection and a version; of the organization north a
registry and a team. All of it is linked, used and made across the borders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from artifacts.lineage import record_use
from artifacts.models import Collection, Registry, Version
from artifacts.services import get_or_create_collection
from automations.models import Automation, Execution
from operations.deletion.deletable import registry
from operations.deletion.scheduling import schedule
from projects.models import Project, Run
from projects.runs.lifecycle import RunDetails, start_run
from projects.services import create_project
from registries.services import create_registry, link
from teams.models import Role, Team
from tests.access.graph_guesses import guesses
from tests.access.graph_scene import Scene, add_automation, add_member, add_run, add_version
from tests.artifacts.sending import sent
from tests.pages.people import attempt
from wandb_api.graphql.global_ids import global_id

WORD = re.compile(r"waitzq[\w.-]*")
# What a link into a registry that stays tells of the version of the project.
BY_LINK = {f"waitzq-v1-{kind}" for kind in ("description", "metadata", "value", "file.bin")}
BY_LINK |= {"waitzq-project", "waitzq-made", "waitzq-type"}


def let_wait(scene: Scene) -> None:
    """Make it all, and ask for its deletion."""
    scene.people["wait"] = scene.people["red"]
    doomed = [_project(scene), _registry(scene), _team(scene), _run(scene), _collection(scene), _version(scene)]
    for row in doomed:
        kind = registry.get(row._meta.model_name)
        schedule(kind, row, confirmed=kind.name_of(row), by=scene.people["red"])


def waiting_guesses(scene: Scene) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Give what is to be tried on top: the names and ids of what waits."""
    projects = [("redzq-team", "waitzq-project"), ("waitzq-team", "waitzq-inner")]
    projects.append(("org.northzq", "wandb-registry-waitzq-hall"))
    places = [{"entityName": owner, "name": name} for owner, name in projects]
    collections = [{"name": name} for name in ("waitzq-made", "waitzq-box", "waitzq-hall-red")]
    more: dict[str, Sequence[Mapping[str, Any]]] = {
        "Query.entity": [{"name": "waitzq-team"}],
        "Query.project": places,
        "Query.artifact": [{"id": global_id("Artifact", pk)} for pk in _hidden(Version)],
        "Query.artifactCollection": [{"id": global_id("ArtifactCollection", pk)} for pk in _hidden(Collection)],
        "Entity.project": [{"name": name} for _owner, name in projects],
        "artifactCollection": collections,
        "artifactSequence": collections,
        "artifact": [{"name": f"{name}:v{number}"} for name in ("waitzq-made", "redzq-made") for number in (0, 3)],
        "artifactCollectionMembership": [{"name": "redzq-made:v3"}, {"name": "redzq-made:waitzq-late-alias"}],
        "run": [{"name": "waitzq-run"}],
        "bucket": [{"name": "waitzq-run"}],
    }
    usual = guesses(scene)
    return {**usual, **{key: [*usual.get(key, ()), *tried] for key, tried in more.items()}}


def _hidden(model: Any) -> list[int]:
    return list(model.all_rows.exclude(deletion=None).values_list("pk", flat=True))


def _project(scene: Scene) -> Project:
    project = scene.projects["wait"] = create_project(scene.teams["red"], "waitzq-project", "waitzq-about")
    run = scene.runs["wait"] = add_run(project, "wait", scene.people["red"])
    versions = scene.versions["wait"] = [add_version(scene, "wait", number) for number in range(3)]
    link(versions[1], scene.registries["open"], "openzq-wait")
    for version in versions:
        record_use(version, scene.runs["red"])
    for version in scene.versions["red"]:
        record_use(version, run)
    add_automation(scene, "wait", "project", str(project), "waitzq-bell2")
    bell = Automation.objects.get(name="waitzq-bell2")
    attempt(Execution.objects.create(automation=bell, team=bell.team, state="failed", subject_label="waitzq-subject"))
    return project


def _registry(scene: Scene) -> Registry:
    hall = create_registry(scene.teams["red"].organization, "waitzq-hall", description="waitzq-hall-description")
    link(scene.versions["red"][0], hall, "waitzq-hall-red", aliases=["waitzq-hall-alias"], tags=["waitzq-hall-tag"])
    return hall


def _team(scene: Scene) -> Team:
    team = Team.objects.create(organization=scene.teams["red"].organization, name="waitzq-team")
    for person, role in (("all-seeing", Role.ADMIN), ("registry-member", Role.MEMBER), ("viewer", Role.VIEWER)):
        add_member(team, scene.people[person], role)
    add_run(create_project(team, "waitzq-inner", "waitzq-inner-about"), "wait", scene.people["all-seeing"])
    return team


def _run(scene: Scene) -> Run:
    run = add_run(scene.projects["red"], "wait", scene.people["red"])
    made, _created = get_or_create_collection(scene.projects["red"], "redzq-of-waiting", "redzq-type")
    version = sent(made, {"redzq-file.bin": b"waiting"}, "digest-of-waiting", run=run)
    link(version, scene.registries["open"], "openzq-red")
    for one in scene.versions["red"]:
        record_use(one, run)
    start_run(scene.projects["red"], "redzq-other", RunDetails(), user=scene.people["red"])
    return run


def _collection(scene: Scene) -> Collection:
    box, _created = get_or_create_collection(
        scene.projects["red"], "waitzq-box", "redzq-type", description="waitzq-box-description"
    )
    inside = sent(
        box, {"waitzq-box-file.bin": b"box"}, "waitzq-box-digest", description="waitzq-boxed",
        metadata={"waitzq-box-metadata": 1}, aliases=["waitzq-box-alias"], run=scene.runs["red"],
    )  # fmt: skip
    link(inside, scene.registries["open"], "openzq-red", aliases=["waitzq-box-linked"])
    record_use(inside, scene.runs["red"])
    return box


def _version(scene: Scene) -> Version:
    made = scene.versions["red"][0].collection
    late = sent(
        made, {"waitzq-late-file.bin": b"late"}, "waitzq-late-digest", description="waitzq-late-description",
        metadata={"waitzq-late-metadata": 1}, aliases=["waitzq-late-alias"], tags=["waitzq-late-tag"],
        client_id="waitzq-late-client", run=scene.runs["red"],
    )  # fmt: skip
    link(late, scene.registries["open"], "openzq-red", aliases=["waitzq-late-linked"])
    record_use(late, scene.runs["red"])
    return late
