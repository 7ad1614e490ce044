"""One of every place to listen in, and a way to make every event happen there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from artifacts import services as artifacts
from artifacts.models import Collection, Entry, Registry
from automations.engine.stall_detection import detect_stalls
from projects.models import Run
from projects.runs.alerts import alert_run
from projects.runs.ingest import ingest_rows
from projects.runs.lifecycle import finish_run
from registries.models import RegistryRole
from registries.services import create_registry, link, set_role_of_user
from tests.world import FAILED, World, threshold

AUTOMATIONS = "/api/v1/automations"
# As a person names each scope; `collection` is the one the event is about.
NAMES = {
    "project": {"name": "acme/mnist"},
    "registry": {"name": "research/models", "team": "acme"},
    "registry_collection": {"name": "research/models/production", "team": "acme"},
    "team": {"name": "acme"},
    "organization": {"name": "research", "team": "acme"},
}
OF_REGISTRIES = ("registry", "registry_collection")


@dataclass
class Places:
    """In acme/mnist: `made`, and `linked` with v0 of it. In the registry research/models: `production` with v0."""

    world: World
    registry: Registry
    made: Collection
    linked: Collection
    production: Collection

    def first(self, collection: Collection) -> Entry:
        return collection.entries.order_by("index")[0]

    def new(self, digest: str = "new", **values: Any) -> Entry:
        """Make a version in acme/mnist/model."""
        return artifacts.create_version(self.made, digest, **values).entry

    def link_new(self, collection: str = "production", **values: Any) -> Entry:
        """Link a new version into the registry."""
        return link(self.new(f"for {collection}").version, self.registry, collection, **values).entry


@dataclass(frozen=True)
class Cause:
    """How an event comes about: in a collection that holds links, or else in the one where versions are made."""

    happen: Callable[[Places, Collection], object]
    conditions: list[dict[str, Any]] = field(default_factory=list)
    needs_links: bool = False

    def collection(self, places: Places, scope_type: str) -> Collection:
        """Give the collection where it happens, to be heard in such a scope."""
        if scope_type in OF_REGISTRIES:
            return places.production
        return places.linked if self.needs_links else places.made


def make_places(world: World) -> Places:
    """Alice administers the organization. In its registry bob is a member and vera a viewer; charlie is a stranger."""
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    registry = create_registry(organization, "models", visibility="restricted")
    set_role_of_user(registry, "bob", RegistryRole.MEMBER)
    set_role_of_user(registry, "vera", RegistryRole.VIEWER)
    made, _new = artifacts.get_or_create_collection(world.project, "model", "model")
    linked, _new = artifacts.get_or_create_collection(world.project, "released", "model", holds_links=True)
    first = artifacts.create_version(made, "first", tags=["old"]).entry
    artifacts.link(first.version, linked, tags=["old"])
    production = link(first.version, registry, "production", tags=["old"]).entry.collection
    for collection in (made, linked, production):
        artifacts.add_collection_tags(collection, ["old"])
    return Places(world, registry, made, linked, production)


def listen(api: APIClient, scope_type: str, event: str, *conditions: dict[str, Any], **changes: Any) -> Any:
    """Ask over REST for an automation in the place of this type."""
    body = {
        "name": "bell",
        "scope": {"type": scope_type, **NAMES.get(scope_type, {"name": "acme/mnist/model"})},
        "event": event,
        "conditions": list(conditions),
        "action": {"type": "send_webhook", "webhook": "hook", "payload": '{"event": "${event_type}"}'},
        **changes,
    }
    return api.post(AUTOMATIONS, body, format="json")


def _log(*losses: float) -> Callable[[Places, Collection], None]:
    """Log these in a run, beside three that differ a little."""

    def happen(places: Places, collection: Collection) -> None:
        for name, loss in (("a", 0.8), ("b", 0.9), ("c", 1.0)):
            ingest_rows(places.world.run(name), 0, [{"loss": loss}])
        ingest_rows(places.world.run("r"), 0, [{"loss": loss} for loss in losses])

    return happen


def _fall_silent(places: Places, collection: Collection) -> None:
    run = places.world.run()
    Run.objects.filter(pk=run.pk).update(created_at=run.created_at - timedelta(hours=1))
    detect_stalls()


def _link(places: Places, collection: Collection) -> None:
    artifacts.link(places.new().version, collection)


_CHANGE = {"type": "metric_change", "metric": "loss", "aggregation": "latest", "change": "absolute", "amount": 1}
_ZSCORE = {"type": "metric_zscore", "metric": "loss", "threshold": 3}

# By the name on the wire.
CAUSES = {
    "RUN_STATE": Cause(lambda places, _: finish_run(places.world.run(), 1), [FAILED]),
    "RUN_METRIC": Cause(_log(2.0), [threshold()]),
    "RUN_METRIC_CHANGE": Cause(_log(2.0, 4.0), [_CHANGE]),
    "RUN_METRIC_ZSCORE": Cause(_log(50.0), [_ZSCORE]),
    "ALL_RUNS_DONE": Cause(lambda places, _: finish_run(places.world.run(), 0), [{"type": "all_done"}]),
    "RUN_STALLED": Cause(_fall_silent, [{"type": "stalled", "seconds": 600}]),
    "RUN_ALERT": Cause(lambda places, _: alert_run(places.world.run(), title="Hello", text="", level="WARN")),
    "CREATE_ARTIFACT": Cause(lambda places, _: places.new()),
    "LINK_MODEL": Cause(_link, needs_links=True),
    "UNLINK_ARTIFACT": Cause(lambda places, it: artifacts.unlink(places.first(it)), needs_links=True),
    "ADD_ARTIFACT_ALIAS": Cause(lambda places, it: artifacts.add_aliases(places.first(it), ["champion"])),
    "ADD_ARTIFACT_TAG": Cause(lambda places, it: artifacts.add_tags(places.first(it), ["eu"])),
    "REMOVE_ARTIFACT_TAG": Cause(lambda places, it: artifacts.remove_tags(places.first(it), ["old"])),
    "ADD_COLLECTION_TAG": Cause(lambda places, it: artifacts.add_collection_tags(it, ["eu"])),
    "REMOVE_COLLECTION_TAG": Cause(lambda places, it: artifacts.remove_collection_tags(it, ["old"])),
}
