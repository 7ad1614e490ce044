"""The sample's artifact versions, and the registry some of them are linked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from artifacts.models import Entry, Registry, Version
from artifacts.services import create_version, get_or_create_collection
from projects.models import Project, Run
from registries import services as registries
from teams.models import Organization, User

COLLECTION, LINKED = "digits-net", "digits-classifier"
# The run that made the version, its aliases and its tags.
_MODELS: Sequence[tuple[str, Sequence[str], Sequence[str]]] = (
    ("baseline", (), ("baseline",)),
    ("wider-512", (), ()),
    ("dropout-0.4", (), ()),
    ("prod-candidate", ("best",), ("reviewed",)),
)


def registry_of(organization: Organization) -> Registry:
    return registries.create_registry(organization, "models", description="Sample: the models we stand behind.")


def create_versions(project: Project, runs: Sequence[Run], user: User) -> list[Entry]:
    """Give the versions of the project's model, the oldest first. The data set is made beside them."""
    by_name = {run.display_name: run for run in runs}
    data, _created = get_or_create_collection(project, "digits", "dataset", description="8 by 8 pictures of digits.")
    metadata: Mapping[str, object] = {"rows": 1797, "classes": 10, "source": "scikit-learn"}
    create_version(data, "sample-digits", metadata, run=by_name["baseline"], by=user)
    models, _created = get_or_create_collection(project, COLLECTION, "model", description="A small network.")
    made = []
    for name, aliases, tags in _MODELS:
        run = Run.objects.get(pk=by_name[name].pk)
        metadata_of_run = {"val_accuracy": run.summary.get("val/accuracy"), "hidden": run.config["hidden"]}
        placed = create_version(models, f"sample-{name}", metadata_of_run, aliases=aliases, tags=tags, run=run, by=user)
        made.append(placed.entry)
    return made


def link_versions(entries: Sequence[Entry], registry: Registry, user: User) -> None:
    """Link two of them, and move `production` from the older to the newer."""
    older, newer = entries[1].version, entries[3].version
    registries.link(older, registry, LINKED, aliases=["production"], by=user)
    registries.link(newer, registry, LINKED, aliases=["staging"], tags=["reviewed"], by=user)
    registries.link(newer, registry, LINKED, aliases=["production"], by=user)


def backdate(project: Project, registry: Registry, now: datetime) -> None:
    """Let each version come when its run ended, and each link half an hour later."""
    for version in Version.objects.filter(collection__project=project).select_related("run"):
        at = Run.objects.get(pk=version.run_id).finished_at if version.run_id else None
        Version.objects.filter(pk=version.pk).update(created_at=at or now)
        Entry.objects.filter(version=version).update(created_at=at or now)
        linked = Entry.objects.filter(version=version, collection__registry=registry)
        linked.update(created_at=min(now, (at or now) + timedelta(minutes=30)))
