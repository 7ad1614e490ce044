"""Hide versions and collections that are to be deleted, and bring them back: who is told of it, where `latest` goes."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from artifacts import event_publishing
from artifacts.editing import remember_versions
from artifacts.event_publishing import publish_for_entry
from artifacts.event_subjects import snapshot_subjects
from artifacts.models import Collection, DeletedArtifact, Entry, Version
from artifacts.services import lock_collection, move_latest_alias
from common.data.validation_errors import refuse_duplicate
from teams.models import User


def tell_gone(versions: QuerySet[Version], entries: QuerySet[Entry], *, by: User | None) -> None:
    """Tell of each link among the entries that it is gone, and keep what is told of a version by its id.

    Call it before they are hidden.
    """
    remember_versions(versions.select_related("collection__project"))
    links = list(_links(entries))
    _publish(links, event_publishing.VERSION_UNLINKED, by)
    # Read when it is judged: then they are hidden. What else had happened to them is told to nobody any more.
    snapshot_subjects({entry.collection for entry in links}, of_kind=event_publishing.VERSION_UNLINKED)


def tell_back(versions: Iterable[int], entries: QuerySet[Entry], *, by: User | None) -> None:
    """Tell of each link that it is there again. Call it when they are not hidden any more."""
    DeletedArtifact.objects.filter(version_id__in=versions).delete()
    _publish(_links(entries), event_publishing.VERSION_LINKED, by)


def settle_latest(collections: Iterable[int], *, by: User | None) -> None:
    """Let `latest` stand on the newest version that is there."""
    for collection in Collection.objects.filter(pk__in=collections).order_by("pk"):
        move_latest_alias(lock_collection(collection), by)


def refuse_logged_anew(hidden: QuerySet[Version]) -> None:
    """Refuse to bring back what was logged again meanwhile: a collection holds a content once."""
    again = Version.objects.filter(collection=OuterRef("collection"), digest=OuterRef("digest"))
    found = hidden.filter(Exists(again)).select_related("collection__project__team").first()
    if found is not None:
        refuse_duplicate("deletion", f"What {found} holds was logged anew meanwhile. Delete that version first.")


def _links(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    rows = entries.filter(collection__holds_links=True).order_by("collection", "pk")
    return rows.select_related(
        "version__collection__project__team", "collection__project__team", "collection__registry__organization"
    )


def _publish(entries: Iterable[Entry], kind: str, by: User | None) -> None:
    for entry in entries:
        publish_for_entry(entry, [(kind, {})], by)
