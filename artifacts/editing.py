"""Edit and delete collections and versions. Each change first locks the rows of the collections it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from artifacts.event_subjects import snapshot_subjects
from artifacts.models import Alias, Collection, DeletedArtifact, Entry, Use, Version
from artifacts.name_rules import LATEST, check_metadata
from artifacts.services import (
    add_aliases,
    add_tags,
    lock_collection,
    move_latest_alias,
    refuse_hidden_name,
    remove_alias,
    remove_tags,
    unlink,
)
from common.data.validation_errors import refuse_duplicate
from projects.models import Run
from teams.audit import audit_log
from teams.models import User

LONGEST_DESCRIPTION = 10_000


def change_version(
    version: Version, *, description: str | None = None, metadata: Mapping[str, Any] | None = None
) -> Version:
    """Change what is said of the version; None leaves what is there."""
    if metadata is not None:
        check_metadata(metadata)
    with transaction.atomic():
        lock_collection(version.collection)
        given = {"description": description, "metadata": metadata}
        changed = {name: value for name, value in given.items() if value is not None}
        Version.objects.filter(pk=version.pk).update(**changed) if changed else None
    version.refresh_from_db(fields=list(given))
    return version


def change_tags(
    entries: Iterable[Entry], *, add: Iterable[str] = (), remove: Iterable[str] = (), by: User | None = None
) -> None:
    """Tag a version in each of the collections."""
    new, gone = list(add), list(remove)
    with transaction.atomic():
        # In one order always, so that two who do this do not wait for each other.
        for entry in sorted(entries, key=lambda one: one.collection_id):
            add_tags(entry, new, by=by)
            remove_tags(entry, gone, by=by)


def set_aliases(entry: Entry, aliases: Iterable[str], *, by: User | None = None) -> None:
    """Let the version have these aliases in its collection, and no others but `latest`."""
    wanted = [alias for alias in aliases if alias != LATEST]
    with transaction.atomic():
        lock_collection(entry.collection)
        for gone in Alias.objects.filter(entry=entry).exclude(name__in=[*wanted, LATEST]):
            remove_alias(entry, gone.name)
        add_aliases(entry, wanted, by=by)


def change_collection(collection: Collection, *, name: str | None = None, description: str | None = None) -> Collection:
    """Rename or describe the collection; None leaves what is there."""
    with transaction.atomic():
        locked = lock_collection(collection)
        if name is not None and name != locked.name and locked.owner.collections.filter(name=name).exists():
            refuse_duplicate("name", f"There is a collection {name!r} beside {locked} already. Choose another name.")
        if name is not None:
            refuse_hidden_name(locked, name)
        locked.name = locked.name if name is None else name
        locked.description = locked.description if description is None else description
        locked.clean_fields(exclude=["project", "registry"])
        locked.save(update_fields=["name", "description"])
        return locked


def describe_collection(collection: Collection, description: str, *, by: User | None) -> Collection:
    """Change the description as a person does; the audit log tells of it."""
    with transaction.atomic():
        locked = lock_collection(collection)
        before, after = {"description": locked.description}, {"description": description}
        locked.description = description
        locked.save(update_fields=["description"])
        team = locked.project.team if locked.project else None
        organization = locked.registry.organization if locked.registry else None
        audit_log.record(
            "collection.change", f"collection {locked}", team=team, organization=organization, by=by, before=before,
            after=after,
        )  # fmt: skip
        return locked


def change_type(collection: Collection, type: str) -> Collection:
    """Let the collection be of another type, where none of its versions is linked by the one it has."""
    with transaction.atomic():
        locked = lock_collection(collection)
        if locked.type != type and Entry.objects.filter(version__collection=locked).exclude(collection=locked).exists():
            refuse_duplicate("type", f"Versions of {locked} are linked as {locked.type!r}. Unlink them first.")
        locked.type = type
        locked.clean_fields(exclude=["project", "registry"])
        locked.save(update_fields=["type"])
        return locked


def delete_version(version: Version, *, with_aliases: bool = False, by: User | None = None) -> None:
    """Delete the version and take it out of everywhere it is linked; `latest` goes back to the newest that is left."""
    with transaction.atomic():
        _lock_all(Entry.objects.filter(version=version))
        if not with_aliases:
            refuse_with_aliases(version)
        _delete([version], by)
        move_latest_alias(version.collection, by)


def refuse_with_aliases(version: Version) -> None:
    """Refuse to delete it alone where it has aliases."""
    held = sorted(Alias.objects.filter(entry__version=version).values_list("name", flat=True))
    if held:
        refuse_duplicate("version", f"{version} has the aliases {', '.join(held)}. Delete it with its aliases.")


def delete_versions_of(run: Run, *, by: User | None = None) -> None:
    """Delete the versions that the run made, all or none: not where another run uses one, or one is linked."""
    with transaction.atomic():
        made = deletable_versions_of(run)
        _delete(made, by)
        for collection in {version.collection_id: version.collection for version in made}.values():
            move_latest_alias(collection, by)


def deletable_versions_of(run: Run) -> list[Version]:
    """Lock and give the versions that the run made; refuse all where others need one."""
    _lock_all(Entry.objects.filter(version__run=run))
    made = list(Version.objects.filter(run=run).select_related("collection__project__team").order_by("pk"))
    for version in made:
        _refuse_where_needed(version, run)
    return made


def delete_collection(collection: Collection, *, by: User | None = None) -> None:
    """Delete the collection. Versions made in it go with it, everywhere; those linked into it stay where they are."""
    with transaction.atomic():
        locked = lock_collection(collection)
        entries = list(Entry.objects.filter(collection=locked).select_related("version__collection").order_by("pk"))
        if locked.holds_links:
            for entry in entries:
                unlink(entry, by=by)
        else:
            _delete([entry.version for entry in entries], by)
        snapshot_subjects([locked])
        remember_collection(locked)
        locked.delete()


def _delete(versions: Iterable[Version], by: User | None) -> None:
    """Take them out of everywhere they are linked, and delete them."""
    places = {version.collection for version in versions}
    remember_versions(versions)
    for version in versions:
        linked = Entry.objects.filter(version=version).exclude(collection=version.collection_id)
        for entry in linked.select_related("collection").order_by("collection"):
            unlink(entry, by=by)
            places.add(entry.collection)
    snapshot_subjects(places)
    for version in versions:
        version.delete()


def remember_versions(versions: Iterable[Version]) -> None:
    """Keep what is told of versions that are about to be deleted. Call it while they are still linked."""
    found = {version.pk: version for version in versions}
    linked = Entry.objects.filter(version__in=found, collection__registry__isnull=False)
    rows = [
        _kept(one.collection, version_id=one.pk, version_index=one.index, digest=one.digest) for one in found.values()
    ]
    kept = {row.version_id: row.pk for row in DeletedArtifact.objects.bulk_create(rows)}
    through = DeletedArtifact.registries.through
    pairs = set(linked.values_list("version", "collection__registry"))
    through.objects.bulk_create(
        through(deletedartifact_id=kept[version], registry_id=registry) for version, registry in sorted(pairs)
    )


def remember_collection(collection: Collection) -> None:
    """Keep what is told of a collection that is about to be deleted."""
    kept = _kept(collection)
    kept.save()
    kept.registries.set({collection.registry} if collection.registry else set())


def _kept(collection: Collection, **of_version: Any) -> DeletedArtifact:
    return DeletedArtifact(
        collection_id=collection.pk, name=collection.name, type=collection.type, holds_links=collection.holds_links,
        project=collection.project, **of_version,
    )  # fmt: skip


def _refuse_where_needed(version: Version, maker: Run) -> None:
    user = Use.objects.filter(version=version).exclude(run=maker).select_related("run").order_by("pk").first()
    if user is not None:
        refuse_duplicate(
            "run", f"{version} is used by the run {user.run.name!r}. Delete the run without its artifacts."
        )
    if Entry.objects.filter(version=version).exclude(collection=version.collection_id).exists():
        refuse_duplicate("run", f"{version} is linked. Unlink it first, or delete the run without its artifacts.")


def _lock_all(entries: QuerySet[Entry]) -> None:
    """Lock every collection that these are in, in one order always."""
    places = entries.values("collection")
    list(Collection.objects.filter(pk__in=places).order_by("pk").select_for_update().values_list("pk"))
