"""Services of registries: create, change, delete, members and their roles, link versions. Written to the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from artifacts import name_rules
from artifacts import services as artifacts
from artifacts.models import Registry, Version, Visibility
from common.archived_rows import refuse_archived
from common.data.unique_names import only_one
from common.data.validation_errors import Conflict, refuse, refuse_duplicate
from registries.models import DeletedRegistry, RegistryMember, RegistryRole
from teams.access import people_of
from teams.audit import audit_log
from teams.models import Membership, Organization, Team, User
from teams.names import archiving, former_names, renamed_places

DEFAULT_REGISTRY = "model"
_TAKEN = "The organization {} has a registry {!r} already."
_AUDITED = ("name", "description", "visibility", "types")


def create_registry(
    organization: Organization,
    name: str,
    *,
    description: str | None = "",
    visibility: str = Visibility.ORGANIZATION,
    types: Iterable[str] = (),
    by: User | None = None,
) -> Registry:
    """Make a registry whose first admin is `by`. Versions of these types may be linked in; without any, all may."""
    refuse_archived(organization)
    registry = Registry(organization=organization, name=name, description=description, visibility=visibility)
    registry.types = _checked(types)
    registry.full_clean(validate_constraints=False)
    with only_one(_named(organization, name), _TAKEN.format(organization.name, name)):
        registry.save()
        former_names.take(former_names.REGISTRY, name, owner=organization.pk)
        after = audit_log.columns(registry, *_AUDITED)
        if by is not None:
            RegistryMember.objects.create(registry=registry, user=by, role=RegistryRole.ADMIN)
            after["admin"] = by.username
        audit_log.record("registry.create", f"registry {registry}", team=None, organization=organization, after=after)
    return registry


def make_default_registry(organization: Organization) -> None:
    """Make the registry that W&B has in each organization, where it is not there: it is made when it is first used."""
    if _named(organization, DEFAULT_REGISTRY).exists():
        return
    its = Registry.objects.filter(organization=organization)
    if former_names.by_name(its, former_names.REGISTRY, DEFAULT_REGISTRY, owner=organization.pk).exists():
        return  # to the one that was called so
    with suppress(Conflict):
        create_registry(organization, DEFAULT_REGISTRY)


def change_registry(
    registry: Registry,
    *,
    name: str | None = None,
    description: str | None = None,
    visibility: str | None = None,
    types: Iterable[str] | None = None,
) -> Registry:
    """Change what is said of the registry; None leaves what is there. What is linked stays, whatever its type."""
    given = {"name": name, "description": description, "visibility": visibility}
    with transaction.atomic():
        locked = Registry.objects.select_for_update(of=("self",)).select_related("organization").get(pk=registry.pk)
        before = audit_log.columns(locked, *_AUDITED)
        for attribute, value in given.items():
            setattr(locked, attribute, getattr(locked, attribute) if value is None else value)
        locked.types = locked.types if types is None else _checked(types)
        locked.full_clean(validate_constraints=False)
        same_name = _named(locked.organization, locked.name).exclude(pk=locked.pk)
        with only_one(same_name, _TAKEN.format(locked.organization.name, locked.name)):
            locked.save(update_fields=_AUDITED)
        _keep_name(locked, before["name"])
        after = audit_log.columns(locked, *_AUDITED)
        where = locked.organization
        audit_log.record(
            "registry.change", f"registry {locked}", team=None, organization=where, before=before, after=after
        )
        return locked


def _keep_name(registry: Registry, old: str) -> None:
    """Let the name of before lead to the registry until somebody takes it."""
    if old != registry.name:
        former_names.take(former_names.REGISTRY, registry.name, owner=registry.organization_id)
        former_names.keep(former_names.REGISTRY, old, registry.pk, owner=registry.organization_id)
        renamed_places.renamed(registry)


def change_registry_whole(registry: Registry, values: dict[str, Any], *, by: User | None) -> Registry:
    """Change all of these: name, description, visibility, and whether it is archived. All of it, or nothing."""
    said = {name: value for name, value in values.items() if name != "archived"}
    refuse_archived(registry.organization)
    with transaction.atomic():
        if values.get("archived") is False:
            archive_registry(registry, False, by=by)
        if said:
            refuse_archived(registry)
            registry = change_registry(registry, **said)
        if values.get("archived"):
            archive_registry(registry, True, by=by)
    return registry


def archive_registry(registry: Registry, archived: bool, *, by: User | None = None) -> Registry:
    """Let nothing in the registry change, and nothing fire there; or bring it back. A repeat changes nothing."""
    return archiving.set_archived(registry, archived, by=by, team=None, organization=registry.organization)


def delete_registry(registry: Registry) -> None:
    """Delete the registry with its collections. The versions linked into it stay where they were made."""
    with transaction.atomic():
        before = audit_log.columns(registry, *_AUDITED)
        organization = registry.organization
        gone = DeletedRegistry.objects.create(registry_id=registry.pk, organization=organization)
        gone.admins.set(_admins_of(registry))
        audit_log.record("registry.delete", f"registry {registry}", team=None, organization=organization, before=before)
        registry.delete()


def set_role_of_user(registry: Registry, username: str, role: str = RegistryRole.VIEWER) -> RegistryMember:
    """Give the person this role, in place of the one they have by themselves."""
    user = people_of(registry.organization).filter(username=username).first()
    if user is None:
        refuse("username", f"There is no {username!r} in the organization {registry.organization}. Add them to a team.")
    return _with_role(registry, role, user=user)


def set_role_of_team(registry: Registry, name: str, role: str = RegistryRole.VIEWER) -> RegistryMember:
    """Give everybody on the team this role, in place of the one the team has."""
    team = Team.objects.filter(organization=registry.organization_id, name=name).first()
    if team is None:
        refuse("team", f"There is no team {name!r} in the organization {registry.organization}. Choose one of its own.")
    return _with_role(registry, role, team=team)


def remove_member(member: RegistryMember) -> None:
    """Take the role back. No admin need be left: those of the organization always are."""
    with transaction.atomic():
        record_member("remove", member, before={"role": member.role})
        member.delete()


def record_member(what: str, member: RegistryMember, **sides: Any) -> None:
    """Tell the audit log of a change to who is in a registry."""
    who = f"team {member.team}" if member.team else f"person {member.user}"
    target = f"{who} in the registry {member.registry.name}"
    organization = member.registry.organization
    audit_log.record(f"registry_member.{what}", target, team=None, organization=organization, **sides)


def link(
    version: Version,
    registry: Registry,
    collection: str,
    *,
    aliases: Iterable[str] = (),
    tags: Iterable[str] = (),
    by: User | None = None,
) -> artifacts.PlacedVersion:
    """Link the version into the collection of this name, and make that where it is not there yet.

    Where the version is linked already, it gets the aliases and tags. Undone by `artifacts.services.unlink`.
    """
    kind = version.collection.type
    if registry.types and kind not in registry.types:
        allowed = ", ".join(registry.types)
        refuse_duplicate(
            "version", f"{version} is of the type {kind!r}, and the registry {registry} takes {allowed} only."
        )
    with transaction.atomic():
        target = registry.collections.filter(name=collection).first()
        if target is None:
            target, _created = artifacts.get_or_create_collection(registry, collection, kind, holds_links=True)
        return artifacts.link(version, target, aliases=aliases, tags=tags, by=by)


def _admins_of(registry: Registry) -> QuerySet[User]:
    """Give its admins by a role of their own or of their team."""
    roles = RegistryMember.objects.filter(registry=registry, role=RegistryRole.ADMIN)
    teams = Membership.objects.filter(team__in=roles.values("team"))
    return User.objects.filter(Q(pk__in=roles.values("user")) | Q(pk__in=teams.values("user")))


def _with_role(registry: Registry, role: str, **who: Any) -> RegistryMember:
    with transaction.atomic():
        current = RegistryMember.objects.filter(registry=registry, **who).first()
        values = {"role": role}
        member, created = RegistryMember.objects.update_or_create(registry=registry, **who, defaults=values)
        before = {"before": {"role": current.role}} if current else {}
        record_member("add" if created else "change", member, **before, after=values)
    return member


def _checked(types: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(types))
    for place, kind in enumerate(found):
        try:
            name_rules.kind(kind)
        except ValidationError as error:
            refuse(f"types.{place}", error.messages[0])
    return found


def _named(organization: Organization, name: str) -> QuerySet[Registry]:
    return Registry.all_rows.filter(organization=organization, name=name)
