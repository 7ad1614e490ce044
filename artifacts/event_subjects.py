"""Event subjects: the plain values that conditions and payloads see; a snapshot of them outlives a deletion."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from artifacts.access import shown_run
from artifacts.models import Collection, Version
from common.own_addresses import with_prefix, without_prefix
from events import ledger
from events.event_types import EventContext, Subject
from events.models import Event

# In the data of an event: what it is about, where that is gone.
_SNAPSHOT = "subject"


def collections_of(events: list[Event]) -> dict[int, Collection]:
    """Give the collections of the events that are still there, with one query."""
    rows = Collection.objects.select_related("project__team", "registry__organization")
    return rows.in_bulk(list({event.data["collection"] for event in events}))


def versions_of(events: list[Event]) -> dict[int, Version]:
    """Give the versions of the events that are still there, with one query."""
    rows = Version.objects.select_related("collection__project__team", "run", "created_by")
    return rows.in_bulk(list({event.data["version"] for event in events if "version" in event.data}))


def subjects_of(events: list[Event]) -> dict[int, Subject]:
    """Give what each event is about, as it was; of what is gone only the snapshot."""
    collections, versions = collections_of(events), versions_of(events)
    found, gone = {}, []
    for event in events:
        collection = collections.get(event.data["collection"])
        version = versions.get(event.data.get("version"))
        if collection is None or (version is None and "version" in event.data):
            gone.append(event.pk)
        elif version is None:
            found[event.pk] = of_collection(collection, event.data)
        else:
            found[event.pk] = of_version(collection, version, event.data)
    # Read anew: the snapshot may have been written after these were read, when what they are about went.
    for event in Event.objects.filter(pk__in=gone) if gone else ():
        if _SNAPSHOT in event.data:
            kept = event.data[_SNAPSHOT]
            found[event.pk] = Subject(**{**kept, "url": with_prefix(kept["url"])})
    return found


def snapshot_subjects(collections: Iterable[Collection], *, of_kind: str = "") -> None:
    """Snapshot what the unprocessed events of these collections, or those of a kind, are about, before that goes.

    In the caller's transaction. Nobody would learn of them otherwise: their subject is read when they are judged.
    """
    waiting = list(ledger.unprocessed(collection.stream_key for collection in collections))
    waiting = [event for event in waiting if of_kind in ("", event.kind)]
    subjects = subjects_of(waiting)
    for event in waiting:
        if event.pk in subjects:
            subject = subjects[event.pk]
            event.data[_SNAPSHOT] = {**asdict(subject), "url": without_prefix(subject.url)}
            event.save(update_fields=["data"])


def of_collection(collection: Collection, data: Mapping[str, Any]) -> Subject:
    """Give a collection, with the tags it had when it happened."""
    return Subject(
        key=f"collection:{collection.pk}",
        label=str(collection),
        url=collection.get_absolute_url(),
        facts={**_facts_of(collection), "id": collection.pk, "tags": data["tags"], **_words(data)},
    )


def of_version(collection: Collection, version: Version, data: Mapping[str, Any]) -> Subject:
    """Give a version in a collection, with the number, aliases and tags it had there when it happened."""
    number = f"v{data['index']}"
    return Subject(
        key=f"version:{version.pk}",
        label=f"{collection}:{number}",
        url=f"{collection.get_absolute_url()}/{number}",
        facts={
            **_facts_of(collection),
            "id": version.pk,
            "reference": reference(version),
            "index": data["index"],
            "version": number,
            "aliases": data["aliases"],
            "tags": data["tags"],
            **_words(data),
            "digest": version.digest,
            "description": version.description or "",
            "metadata": version.metadata,
            "made_as": str(version),
            "made_by_team": version.team.name,
            "run": run.name if (run := shown_run(version)) is not None else "",
            "created_by": version.created_by.username if version.created_by else "",
        },
    )


def event_context_of(event: Event, subject: Subject) -> EventContext:
    return EventContext(
        event_id=event.pk,
        kind=event.kind,
        actor=event.actor,
        occurred_at=event.occurred_at,
        subject=subject,
        data=event.data,
    )


def reference(version: Version) -> str:
    """Give the version as W&B's addresses name it: `Artifact:12` in base64."""
    return f"wandb-artifact://_id/{base64.b64encode(f'Artifact:{version.pk}'.encode()).decode()}"


def _facts_of(collection: Collection) -> dict[str, Any]:
    return {
        "collection": collection.name,
        "path": str(collection),
        "type": collection.type,
        "entity_name": collection.entity_name,
        "project_name": collection.project_name,
    }


def _words(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give what filters ask for: the alias and tag it happened to, or where that is none, all there are."""
    return {"alias": data.get("alias", data.get("aliases", [])), "tag": data.get("tag", data["tags"])}
