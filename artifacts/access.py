"""Access control and lookup by name: the collections and versions that a person may see."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.http import Http404

from artifacts.models import Collection, DeletedArtifact, Entry, Registry, Version
from artifacts.name_rules import index_of
from common.data.validation_errors import quoted, refuse
from common.statements.prepared_query import PreparedValues
from projects import access as projects
from projects.access import project_named
from projects.models import Project, Run
from teams.access import Visitor, teams_of
from teams.models import Role, User


def collections_of(owner: Project) -> QuerySet[Collection]:
    """The collections of a project, with what a list shows of them."""
    return with_owner(owner.collections.all())


def with_owner(rows: QuerySet[Collection]) -> QuerySet[Collection]:
    """Read the collections with their owner and tags, in a constant number of queries."""
    return rows.select_related("project__team__organization", "registry__organization").prefetch_related("tags")


def entries_of(collection: Collection) -> QuerySet[Entry]:
    """The versions in a collection, with what a list shows of them."""
    rows = Entry.objects.filter(collection=collection).select_related(
        "collection__project__team", "collection__registry__organization",
        "version__collection__project__team", "version__run", "version__created_by", "created_by",
    )  # fmt: skip
    return rows.prefetch_related("aliases", "tags")


def collection_named(user: User, team: str, project: str, name: str, least: Role = Role.VIEWER) -> Collection:
    """Give the collection; 404 for what the person cannot see, 403 where the role is too low."""
    found = collections_of(project_named(user, team, project, least)).filter(name=name).first()
    if found is None:
        raise Http404(f"There is no collection {name!r} in {team}/{project}.")
    return found


def hide_foreign_runs(user: User, entries: Iterable[Entry]) -> None:
    """Take the runs out of versions that were linked here from teams of others: a link does not tell them."""
    mine = set(teams_of(user).values_list("pk", flat=True))
    for entry in entries:
        if entry.version.team.pk not in mine or entry.version.is_of_hidden_project or shown_run(entry.version) is None:
            entry.version.run = None


def shown_run(version: Version) -> Run | None:
    """Give the run that made it, unless that is being deleted."""
    return version.run if version.run is not None and version.run.deletion_id is None else None


def find_entry(collection: Collection, version: str) -> Entry | None:
    """Give the version by its number, such as `v3`, by one of its aliases, or by its digest; None where it is none."""
    index, rows = index_of(version), entries_of(collection)
    if index is not None:
        return rows.filter(index=index).first()
    return rows.filter(aliases__name=version).first() or rows.filter(version__digest=version).first()


def entry_named(collection: Collection, version: str) -> Entry:
    """Give the version as `find_entry` does; 404 where there is none."""
    entry = find_entry(collection, version)
    if entry is None:
        raise Http404(f"There is no version {version!r} in {collection}.")
    return entry


def version_at(user: User, path: str, least: Role) -> Version:
    """Give the version of a path such as `acme/mnist/model:v3`, or refuse the field `version` that holds it."""
    place, _, version = path.partition(":")
    parts = place.split("/")
    if len(parts) != 3 or not version:
        refuse(
            "version", f"{quoted(path)} is no version. Write it like acme/mnist/model:v3 or acme/mnist/model:latest."
        )
    team, project, collection = parts
    try:
        return entry_named(collection_named(user, team, project, collection, least), version).version
    except Http404 as error:
        refuse("version", f"{error}")


def hidden_scopes() -> frozenset[str]:
    """Give the scopes of the projects and registries that are being deleted: what happened there is told nowhere."""
    return projects.hidden_scopes() | {f"registry:{pk}" for (pk,) in _hidden.rows()}


_hidden = PreparedValues(lambda: Registry.all_rows.exclude(deletion=None).values_list("pk"))


def inactive_scopes() -> frozenset[str]:
    """Give the scopes in which nothing fires, those of registries too: one question for each table."""
    return projects.inactive_scopes() | {f"registry:{pk}" for (pk,) in _inactive.rows()}


_inactive = PreparedValues(lambda: Registry.all_rows.exclude(deletion=None, archived_at=None).values_list("pk"))


def deleted_seen_by(user: Visitor, registries: QuerySet[Registry]) -> QuerySet[DeletedArtifact]:
    """What was deleted in the person's teams, and in these registries, which they may see."""
    seen = Q(project__team__in=teams_of(user), project__deletion=None) | Q(registries__in=registries)
    return DeletedArtifact.objects.select_related("project__team__organization").filter(seen).distinct()
