"""Services of artifacts: create, link and unlink versions, aliases and tags; idempotent, events in the transaction.

Every change first locks the collection's row, so two writers come one after the other. A repeat changes and
publishes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from artifacts import event_publishing
from artifacts.event_publishing import ArtifactChange, publish_for_collection, publish_for_entry
from artifacts.models import Alias, Collection, CollectionTag, Entry, Registry, Tag, TimeToLivePolicy, Version
from artifacts.name_rules import LATEST, check_metadata, checked_aliases, checked_tags
from common.data.validation_errors import refuse, refuse_duplicate
from common.hidden_rows import refuse_name_of_hidden
from projects.models import Project, Run
from teams.models import User


@dataclass(frozen=True)
class PlacedVersion:
    """A version in a collection, and whether it is new there."""

    entry: Entry
    created: bool


def get_or_create_collection(
    owner: Project | Registry, name: str, type: str, *, holds_links: bool = False, description: str | None = None
) -> tuple[Collection, bool]:
    """Give the collection of this name, and whether it is new. One of another type is a Conflict."""
    draft = Collection(name=name, type=type, description=description)
    draft.clean_fields(exclude=["project", "registry"])
    given = {"type": type, "holds_links": holds_links, "description": description}
    try:
        found, created = owner.collections.get_or_create(name=name, defaults=given)
    except IntegrityError:
        draft.project, draft.registry = (owner, None) if isinstance(owner, Project) else (None, owner)
        refuse_hidden_name(draft, name)
        raise
    if found.type != type:
        refuse_duplicate(
            "type", f"{found} holds versions of the type {found.type!r}, not {type!r}. Choose another name."
        )
    if found.holds_links != holds_links:
        holds = "linked into it" if found.holds_links else "made in it"
        refuse_duplicate(
            "name", f"There is a collection {found} already, and its versions are {holds}. Choose another name."
        )
    return found, created


def create_version(
    collection: Collection,
    digest: str,
    metadata: Mapping[str, Any] | None = None,
    *,
    aliases: Iterable[str] = (),
    tags: Iterable[str] = (),
    description: str | None = None,
    run: Run | None = None,
    by: User | None = None,
) -> PlacedVersion:
    """Add a version, and move `latest` to it.

    Where the digest is there already it is no new version: that one gets the aliases and tags, and `latest` stays.
    """
    version = Version(digest=digest, metadata=metadata or {}, description=description, run=run, created_by=by)
    _check(version, collection)
    names = _AliasesAndTags.of(aliases, tags)
    with transaction.atomic():
        locked = lock_collection(collection)
        if locked.holds_links:
            refuse("collection", f"Versions are linked into {locked}, not made in it. Choose another collection.")
        there = Entry.objects.filter(collection=locked, version__digest=digest).first()
        if there is not None:
            return _with_names(reload_entry(there, locked), names, by)
        version.collection, version.index = locked, locked.next_index
        _inherit_ttl(version)
        version.save()
        return _new_entry(locked, version, event_publishing.VERSION_CREATED, names, by)


def link(
    version: Version,
    collection: Collection,
    *,
    aliases: Iterable[str] = (),
    tags: Iterable[str] = (),
    by: User | None = None,
) -> PlacedVersion:
    """Put the version into a collection that holds links, with aliases and tags of its own there."""
    names = _AliasesAndTags.of(aliases, tags)
    with transaction.atomic():
        locked = lock_collection(collection)
        if not locked.holds_links:
            refuse("collection", f"Versions are made in {locked}, not linked into it. Choose another collection.")
        if version.collection.type != locked.type:
            refuse_duplicate(
                "version",
                f"{version} is of the type {version.collection.type!r}, and {locked} holds {locked.type!r} only. "
                "Choose another collection.",
            )
        there = Entry.objects.filter(collection=locked, version=version).first()
        if there is not None:
            return _with_names(reload_entry(there, locked), names, by)
        return _new_entry(locked, version, event_publishing.VERSION_LINKED, names, by)


def unlink(entry: Entry, *, by: User | None = None) -> bool:
    """Take a linked version out of the collection; `latest` goes back to the newest that is left."""
    with transaction.atomic():
        locked = lock_collection(entry.collection)
        if not locked.holds_links:
            refuse("version", f"{entry} was made in this collection, not linked into it. Unlink it where it is linked.")
        if not Entry.objects.filter(pk=entry.pk).exists():
            return False
        gone = reload_entry(entry, locked)
        publish_for_entry(gone, [(event_publishing.VERSION_UNLINKED, {})], by)
        gone.delete()
        move_latest_alias(locked, by)
        return True


def move_latest_alias(locked: Collection, by: User | None = None) -> None:
    """Move `latest` to the newest version that is in the collection, where it is not there."""
    newest = Entry.objects.filter(collection=locked).order_by("-index").first()
    if newest is not None:
        _with_names(reload_entry(newest, locked), _AliasesAndTags([LATEST], []), by)


def add_aliases(entry: Entry, aliases: Iterable[str], *, by: User | None = None) -> list[str]:
    """Move the aliases to this version; give those it had not yet."""
    checked = checked_aliases(aliases)
    with transaction.atomic():
        held = reload_entry(entry, lock_collection(entry.collection))
        if LATEST in checked and LATEST not in held.alias_names:
            refuse("aliases", f"{LATEST!r} moves by itself to each new version. Choose another alias.")
        moved = _add_aliases(held, checked)
        publish_for_entry(held, moved, by)
        return [more["alias"] for _kind, more in moved]


def remove_alias(entry: Entry, alias: str) -> bool:
    """Take the alias from this version; nothing tells of it, as with W&B."""
    if alias == LATEST:
        refuse("alias", f"{LATEST!r} stays on the newest version. Remove another alias.")
    with transaction.atomic():
        lock_collection(entry.collection)
        return Alias.objects.filter(entry=entry, name=alias).delete()[0] > 0


def add_tags(entry: Entry, tags: Iterable[str], *, by: User | None = None) -> list[str]:
    """Tag this version in its collection; give the tags it had not yet."""
    checked = checked_tags(tags)
    with transaction.atomic():
        held = reload_entry(entry, lock_collection(entry.collection))
        tagged = _add_tags(held, checked)
        publish_for_entry(held, tagged, by)
        return [more["tag"] for _kind, more in tagged]


def remove_tags(entry: Entry, tags: Iterable[str], *, by: User | None = None) -> list[str]:
    """Take the tags from this version; give those it had."""
    with transaction.atomic():
        held = reload_entry(entry, lock_collection(entry.collection))
        gone = [tag for tag in dict.fromkeys(tags) if Tag.objects.filter(entry=held, name=tag).delete()[0]]
        publish_for_entry(held, [(event_publishing.TAG_REMOVED, {"tag": tag}) for tag in gone], by)
        return gone


def add_collection_tags(collection: Collection, tags: Iterable[str], *, by: User | None = None) -> list[str]:
    """Tag the collection; give the tags it had not yet."""
    checked = checked_tags(tags)
    with transaction.atomic():
        locked = lock_collection(collection)
        new = [tag for tag in checked if CollectionTag.objects.get_or_create(collection=locked, name=tag)[1]]
        publish_for_collection(locked, [(event_publishing.COLLECTION_TAG_ADDED, {"tag": tag}) for tag in new], by)
        return new


def remove_collection_tags(collection: Collection, tags: Iterable[str], *, by: User | None = None) -> list[str]:
    """Take the tags from the collection; give those it had."""
    with transaction.atomic():
        locked = lock_collection(collection)
        rows = CollectionTag.objects.filter(collection=locked)
        gone = [tag for tag in dict.fromkeys(tags) if rows.filter(name=tag).delete()[0]]
        publish_for_collection(locked, [(event_publishing.COLLECTION_TAG_REMOVED, {"tag": tag}) for tag in gone], by)
        return gone


@dataclass(frozen=True)
class _AliasesAndTags:
    """Aliases and tags that have been checked. `latest` is not among them: it moves by itself."""

    aliases: list[str]
    tags: list[str]

    @classmethod
    def of(cls, aliases: Iterable[str], tags: Iterable[str]) -> _AliasesAndTags:
        # Not refused, as `add_aliases` does: the wandb SDK sends `latest` with each version.
        return cls([alias for alias in checked_aliases(aliases) if alias != LATEST], checked_tags(tags))


def _check(version: Version, collection: Collection) -> None:
    version.clean_fields(exclude=["collection", "index", "run", "created_by", "metadata"])
    check_metadata(version.metadata)
    if version.run is not None and version.run.project_id != collection.project_id:
        refuse("run", f"The run {version.run.name!r} is of another project than {collection}. Choose one of its own.")


def _inherit_ttl(version: Version) -> None:
    """Give it the time to live that its team has for all."""
    default = TimeToLivePolicy.objects.filter(team=version.team).values_list("default_seconds", flat=True).first()
    version.expires_at = version.created_at + timedelta(seconds=default) if default else None


def refuse_hidden_name(collection: Collection, name: str) -> None:
    """Refuse to call the collection as one beside it that is being deleted."""
    refuse_name_of_hidden(collection, name=name, project=collection.project, registry=collection.registry)


def lock_collection(collection: Collection) -> Collection:
    """Lock the collection's row (FOR UPDATE) with its owner until the transaction ends."""
    rows = Collection.objects.select_related("project__team", "registry__organization")
    return rows.select_for_update(of=("self",)).get(pk=collection.pk)


def reload_entry(entry: Entry, locked: Collection) -> Entry:
    """Reload the entry, now that its collection is locked. One that is gone is a Conflict."""
    found = Entry.objects.select_related("version__collection__project__team").filter(pk=entry.pk).first()
    if found is None:
        refuse_duplicate("version", f"v{entry.index} was unlinked from {locked} meanwhile. Link it again first.")
    found.collection = locked
    return found


def _new_entry(
    locked: Collection, version: Version, kind: str, names: _AliasesAndTags, by: User | None
) -> PlacedVersion:
    """Give the version the next number and `latest`, and publish it: the version, each alias, each tag."""
    entry = Entry.objects.create(collection=locked, version=version, index=locked.next_index, created_by=by)
    locked.next_index += 1
    locked.save(update_fields=["next_index"])
    changes = [(kind, {}), *_add_aliases(entry, [LATEST, *names.aliases]), *_add_tags(entry, names.tags)]
    publish_for_entry(entry, changes, by)
    return PlacedVersion(entry, created=True)


def _with_names(entry: Entry, names: _AliasesAndTags, by: User | None) -> PlacedVersion:
    publish_for_entry(entry, [*_add_aliases(entry, names.aliases), *_add_tags(entry, names.tags)], by)
    return PlacedVersion(entry, created=False)


def _add_aliases(entry: Entry, aliases: Iterable[str]) -> list[ArtifactChange]:
    """Move the aliases that are not there yet, and give what to tell of it."""
    new = [alias for alias in aliases if not Alias.objects.filter(entry=entry, name=alias).exists()]
    for alias in new:
        moved = {"entry": entry, "deletion": None}
        Alias.all_rows.update_or_create(collection=entry.collection, name=alias, defaults=moved)
    return [(event_publishing.ALIAS_ADDED, {"alias": alias}) for alias in new]


def _add_tags(entry: Entry, tags: Iterable[str]) -> list[ArtifactChange]:
    """Add the tags that are not there yet, and give what to tell of it."""
    new = [tag for tag in tags if Tag.objects.get_or_create(entry=entry, name=tag)[1]]
    return [(event_publishing.TAG_ADDED, {"tag": tag}) for tag in new]
