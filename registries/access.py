"""Access control of registries: roles, and who may see and change what.

The highest counts: of being an admin of the organization, of the roles given to the person and to their teams, and
of the registry being visible to the whole organization (that makes a viewer). Who has left the organization has none.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import Http404
from django.utils.translation import gettext as _

from artifacts.access import with_owner
from artifacts.models import Collection, Entry, Registry, Version, Visibility
from common.archived_rows import refuse_archived
from registries.models import DeletedRegistry, RegistryMember, RegistryRole
from teams import access as teams
from teams.access import Visitor, teams_of
from teams.audit import actor
from teams.models import FormerName, Membership, Organization, Role, User
from teams.names import former_names

_RANK = {
    RegistryRole.RESTRICTED_VIEWER: 0,
    RegistryRole.VIEWER: 1,
    RegistryRole.MEMBER: 2,
    RegistryRole.ADMIN: 3,
}


# What these may is refused where the registry or its organization is archived.
_CHANGING = (RegistryRole.MEMBER, RegistryRole.ADMIN)


def organizations_of(user: Visitor) -> QuerySet[Organization]:
    """The organizations this person administers or has a team in."""
    if not user.is_authenticated or not user.is_active:
        return Organization.objects.none()
    mine = Q(teams__in=teams_of(user)) if _is_narrowed(user) else Q(admins=user) | _on_a_team(user, "teams")
    return Organization.objects.filter(mine).distinct().order_by("name")


def organization_named(user: Visitor, name: str) -> Organization:
    # The rows of a person are found over their teams: a name is asked for beside that.
    mine = Organization.objects.filter(pk__in=organizations_of(user).order_by().values("pk"))
    found = former_names.by_name(mine, former_names.ORGANIZATION, name).first()
    if found is None:
        hidden = Organization.objects.filter(name=name).first()
        if hidden is not None:
            actor.note_denial(organization=hidden)
        raise _no_organization(name)
    former_names.led(former_names.ORGANIZATION, name, found.name)
    return found


def administered_organization(user: Visitor, name: str) -> Organization:
    """Give the organization to its admins; 404 for strangers, 403 for everybody else in it."""
    found = organization_named(user, name)
    require_admin(user, found)
    return found


def require_admin(user: Visitor, organization: Organization) -> None:
    """Refuse strangers to the organization with 404, and everybody in it but its admins with 403."""
    is_in_it = organizations_of(user).filter(pk=organization.pk).exists()
    if is_in_it and administers(user, organization):
        return
    actor.note_denial(organization=organization)
    if not is_in_it:
        raise _no_organization(organization.name)
    raise PermissionDenied(
        _("This takes an admin of the organization %(name)s. Ask one of them.") % {"name": organization.name}
    )


def registries_of(user: Visitor) -> QuerySet[Registry]:
    """The registries this person may see."""
    if not user.is_authenticated or not user.is_active:
        return Registry.objects.none()
    is_member = Exists(_memberships(user).filter(registry=OuterRef("pk")))
    rows = Registry.objects.select_related("organization").filter(organization__in=organizations_of(user))
    return rows.filter(_administered(user) | Q(visibility=Visibility.ORGANIZATION) | is_member).distinct()


def members_seen_by(user: Visitor, registry: Registry) -> QuerySet[RegistryMember]:
    """Who has which role there: all of them for its admins; for others themselves, their team mates and own teams."""
    rows = RegistryMember.objects.filter(registry=registry).select_related("user", "team__organization")
    if may(user, registry, RegistryRole.ADMIN):
        return rows
    mine = teams_of(user).values("pk")
    mates = Membership.objects.filter(team__in=mine).values("user")
    return rows.filter(Q(user=user.pk or 0) | Q(user__in=mates) | Q(team__in=mine))


def registries_changeable_by(user: User) -> QuerySet[Registry]:
    """The registries this person may link versions into."""
    roles = (RegistryRole.MEMBER, RegistryRole.ADMIN)
    is_member = Exists(_memberships(user).filter(registry=OuterRef("pk"), role__in=roles))
    rows = registries_of(user).filter(_administered(user) | is_member)
    rows = rows.filter(archived_at=None, organization__archived_at=None)
    return rows.order_by("organization__name", "name").distinct()


def role_in(user: Visitor, registry: Registry) -> RegistryRole | None:
    """Give the highest role the person has by any way; None for strangers."""
    if not organizations_of(user).filter(pk=registry.organization_id).exists():
        return None
    if administers(user, registry.organization):
        return RegistryRole.ADMIN
    roles = [RegistryRole(role) for role in _memberships(user).filter(registry=registry).values_list("role", flat=True)]
    if registry.visibility == Visibility.ORGANIZATION:
        roles.append(RegistryRole.VIEWER)
    return max(roles, key=_RANK.__getitem__, default=None)


def may(user: Visitor, registry: Registry, least: RegistryRole) -> bool:
    role = role_in(user, registry)
    is_open = least not in _CHANGING or _is_open(registry)
    return role is not None and _RANK[role] >= _RANK[least] and is_open


def require(user: Visitor, registry: Registry, least: RegistryRole) -> None:
    """Refuse a stranger with 404, and who has too low a role with 403 and the role it takes."""
    require_though_archived(user, registry, least)
    if least in _CHANGING:
        refuse_archived(registry.organization)
        refuse_archived(registry)


def require_though_archived(user: Visitor, registry: Registry, least: RegistryRole) -> None:
    """As `require`, also of an archived registry: for what brings it back."""
    role = role_in(user, registry)
    if role is None or _RANK[role] < _RANK[least]:
        actor.note_denial(organization=registry.organization)
    if role is None:
        raise _not_found(registry.organization.name, registry.name)
    if _RANK[role] < _RANK[least]:
        raise PermissionDenied(
            _("This takes the role %(least)s in the registry %(registry)s; yours is %(role)s. Ask one of its admins.")
            % {"least": least.value, "registry": registry.name, "role": role.value}
        )


def registry_named(
    user: Visitor, organization: str, name: str, least: RegistryRole = RegistryRole.RESTRICTED_VIEWER
) -> Registry:
    """Give the registry, or refuse as `require` does."""
    found = registries_of(user).filter(organization__name=organization, name=name).first()
    found = found or _formerly_named(user, organization, name)
    if found is None:
        note_hidden(Registry.objects.filter(organization__name=organization, name=name))
        raise _not_found(organization, name)
    require(user, found, least)
    former_names.led(former_names.ORGANIZATION, organization, found.organization.name)
    former_names.led(former_names.REGISTRY, name, found.name)
    return found


def _formerly_named(user: Visitor, organization: str, name: str) -> Registry | None:
    """Give the registry where one of the two was called so before."""
    its = former_names.by_name(Organization.objects.all(), former_names.ORGANIZATION, organization).values("pk")[:1]
    now = Q(name=name)
    before = FormerName.objects.filter(kind=former_names.REGISTRY, name=name, owner_id=OuterRef("organization"))
    rows = registries_of(user).filter(organization=Subquery(its))
    is_called_so = Case(When(now, then=Value(0)), default=Value(1))
    return rows.filter(now | Q(pk=Subquery(before.values("object_id")[:1]))).order_by(is_called_so).first()


def is_deleted_registry(user: Visitor, key: int) -> bool:
    """Say whether there was such a registry that the person may have deleted."""
    mine = DeletedRegistry.objects.select_related("organization").filter(organization__in=organizations_of(user))
    gone = mine.filter(registry_id=key).first()
    return gone is not None and (administers(user, gone.organization) or gone.admins.filter(pk=user.pk or 0).exists())


def note_hidden(rows: QuerySet[Registry]) -> None:
    """Call it before saying 404: a registry that is there and only not open to this person is a denied access.

    One statement whether it is there or not: their number shall not tell.
    """
    owner = Organization.objects.filter(pk__in=rows.values("organization")).first()
    if owner is not None:
        actor.note_denial(organization=owner)


def collections_of(registry: Registry) -> QuerySet[Collection]:
    return with_owner(registry.collections.all())


def collections_seen_by(user: Visitor) -> QuerySet[Collection]:
    """The collections of the person's teams, and of the registries they may see."""
    mine = Q(project__team__in=teams_of(user), project__deletion=None) | Q(registry__in=registries_of(user))
    return with_owner(Collection.objects.filter(mine))


def versions_seen_by(user: Visitor) -> QuerySet[Version]:
    """The versions made in the person's teams, and those linked into registries they may see."""
    linked = Entry.objects.filter(version=OuterRef("pk"), collection__registry__in=registries_of(user))
    rows = Version.objects.select_related("collection__project__team__organization", "run", "created_by")
    made = Q(collection__project__team__in=teams_of(user), collection__project__deletion=None)
    return rows.filter(made | Exists(linked))


def may_change(user: Visitor, collection: Collection) -> bool:
    """Whether the person may change what is in the collection: as a member of its team, or of its registry."""
    if collection.project is not None:
        return teams.may_within(user, collection.project, Role.MEMBER)
    return collection.registry is not None and may(user, collection.registry, RegistryRole.MEMBER)


def require_change(user: Visitor, collection: Collection) -> None:
    """Refuse who may not, as `require` does."""
    if collection.project is not None:
        teams.require_within(user, collection.project, Role.MEMBER)
    elif collection.registry is not None:
        require(user, collection.registry, RegistryRole.MEMBER)


def collection_named(
    user: Visitor,
    organization: str,
    registry: str,
    name: str,
    least: RegistryRole = RegistryRole.RESTRICTED_VIEWER,
) -> Collection:
    found = collections_of(registry_named(user, organization, registry, least)).filter(name=name).first()
    if found is None:
        raise Http404(f"There is no collection {name!r} in the registry {organization}/{registry}.")
    return found


def _memberships(user: Visitor) -> QuerySet[RegistryMember]:
    if _is_narrowed(user):
        return RegistryMember.objects.filter(team__in=teams_of(user))
    return RegistryMember.objects.filter(Q(user=user) | _on_a_team(user, "team"))


def _on_a_team(user: Visitor, path: str) -> Q:
    return Q(**{f"{path}__memberships__user": user, f"{path}__deletion": None})


def administers(user: Visitor, organization: Organization) -> bool:
    """Whether they administer the organization, and the key that they showed leads to all of it."""
    return isinstance(user, User) and not _is_narrowed(user) and organization.admins.filter(pk=user.pk).exists()


def _is_open(registry: Registry) -> bool:
    return registry.archived_at is None and registry.organization.archived_at is None


def _administered(user: Visitor) -> Q:
    return Q(pk__in=()) if _is_narrowed(user) else Q(organization__admins=user)


def _is_narrowed(user: Visitor) -> bool:
    """Whether the request showed a key of some teams only: then the person is here what those teams are."""
    key = getattr(user, "shown_key", None)
    return key is not None and (key.team_id is not None or bool(key.closed_to))


def _no_organization(name: str) -> Http404:
    return Http404(_("There is no organization %(name)s here, or you are not in it.") % {"name": repr(name)})


def _not_found(organization: str, name: str) -> Http404:
    return Http404(
        _("There is no registry %(name)s here, or it is not open to you.") % {"name": repr(f"{organization}/{name}")}
    )
