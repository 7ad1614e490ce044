"""Who may what in a registry: organization admins, people and teams with a role, and everybody else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404

from artifacts.models import Registry, Visibility
from common.data.validation_errors import Conflict
from registries import access, services
from registries.models import RegistryMember, RegistryRole
from teams.models import Membership, Organization, Role, Team, User
from tests.artifacts.making import refused
from tests.world import World

ROLES = [RegistryRole.RESTRICTED_VIEWER, RegistryRole.VIEWER, RegistryRole.MEMBER, RegistryRole.ADMIN]


@pytest.fixture
def registry(world: World) -> Registry:
    """A registry that only its members see."""
    return services.create_registry(world.team.organization, "models", visibility=Visibility.RESTRICTED)


@pytest.fixture
def olga(world: World) -> User:
    """An admin of the organization, on no team."""
    user = User.objects.create_user("olga")
    world.team.organization.admins.add(user)
    return user


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("least", ROLES)
def test_a_role_includes_what_stands_below_it(
    world: World, registry: Registry, role: RegistryRole, least: RegistryRole
) -> None:
    services.set_role_of_user(registry, "bob", role)
    assert access.may(world.users["bob"], registry, least) == (ROLES.index(role) >= ROLES.index(least))


def test_a_teams_role_is_that_of_everyone_on_it(world: World, registry: Registry) -> None:
    services.set_role_of_team(registry, "acme", RegistryRole.MEMBER)
    roles = {name: access.role_in(user, registry) for name, user in world.users.items()}
    assert roles == {
        "alice": RegistryRole.MEMBER,
        "bob": RegistryRole.MEMBER,
        "vera": RegistryRole.MEMBER,
        "charlie": None,
    }


@pytest.mark.parametrize(
    ("own", "of_team"), [(RegistryRole.ADMIN, RegistryRole.VIEWER), (RegistryRole.VIEWER, RegistryRole.ADMIN)]
)
def test_the_highest_of_all_roles_counts(
    world: World, registry: Registry, own: RegistryRole, of_team: RegistryRole
) -> None:
    services.set_role_of_user(registry, "bob", own)
    services.set_role_of_team(registry, "acme", of_team)
    assert access.role_in(world.users["bob"], registry) == RegistryRole.ADMIN


def test_an_admin_of_the_organization_is_admin_of_every_registry(registry: Registry, olga: User) -> None:
    services.set_role_of_user(registry, "olga", RegistryRole.RESTRICTED_VIEWER)
    assert access.role_in(olga, registry) == RegistryRole.ADMIN


def test_an_admin_of_a_team_is_nobody_in_a_restricted_registry(world: World, registry: Registry) -> None:
    assert access.role_in(world.users["alice"], registry) is None


def test_the_whole_organization_views_a_registry_that_is_open_to_it(world: World, registry: Registry) -> None:
    Registry.objects.update(visibility=Visibility.ORGANIZATION)
    services.set_role_of_user(registry, "vera", RegistryRole.RESTRICTED_VIEWER)
    registry.refresh_from_db()
    assert {access.role_in(user, registry) for user in world.users.values()} == {RegistryRole.VIEWER}


def test_another_organization_sees_nothing(world: World, registry: Registry) -> None:
    Registry.objects.update(visibility=Visibility.ORGANIZATION)
    stranger = User.objects.create_user("sam")
    elsewhere = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    Membership.objects.create(team=elsewhere, user=stranger, role=Role.ADMIN)
    assert access.role_in(stranger, Registry.objects.get()) is None
    assert list(access.registries_of(stranger)) == []


def test_who_leaves_the_organization_loses_the_role(world: World, registry: Registry) -> None:
    services.set_role_of_user(registry, "bob", RegistryRole.ADMIN)
    Membership.objects.filter(user=world.users["bob"]).delete()
    assert access.role_in(world.users["bob"], registry) is None
    assert list(access.registries_of(world.users["bob"])) == []


def test_nobody_and_the_deactivated_see_nothing(registry: Registry, olga: User) -> None:
    Registry.objects.update(visibility=Visibility.ORGANIZATION)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    olga.refresh_from_db()
    for visitor in (olga, AnonymousUser()):
        assert access.role_in(visitor, registry) is None
        assert list(access.registries_of(visitor)) == []


def test_the_list_holds_each_registry_once_that_one_may_see(world: World, registry: Registry, olga: User) -> None:
    services.create_registry(world.team.organization, "open")
    services.set_role_of_user(registry, "bob", RegistryRole.VIEWER)
    services.set_role_of_team(registry, "acme", RegistryRole.VIEWER)
    listed = {
        user.username: sorted(found.name for found in access.registries_of(user))
        for user in (*world.users.values(), olga)
    }
    both = ["models", "open"]
    assert listed == {"alice": both, "bob": both, "vera": both, "charlie": ["open"], "olga": both}


def test_the_list_and_the_role_agree(world: World, registry: Registry, olga: User) -> None:
    services.create_registry(world.team.organization, "open")
    services.set_role_of_user(registry, "bob", RegistryRole.RESTRICTED_VIEWER)
    for user in (*world.users.values(), olga):
        seen = set(access.registries_of(user))
        assert seen == {found for found in Registry.objects.all() if access.role_in(user, found)}


def test_a_stranger_gets_404_and_too_low_a_role_403(world: World, registry: Registry) -> None:
    services.set_role_of_user(registry, "bob", RegistryRole.VIEWER)
    with pytest.raises(Http404, match="There is no registry 'research/models' here, or it is not open to you."):
        access.registry_named(world.users["charlie"], "research", "models")
    with pytest.raises(PermissionDenied) as error:
        access.registry_named(world.users["bob"], "research", "models", RegistryRole.MEMBER)
    assert str(error.value) == (
        "This takes the role member in the registry models; yours is viewer. Ask one of its admins."
    )
    assert access.registry_named(world.users["bob"], "research", "models", RegistryRole.VIEWER) == registry


def test_only_an_admin_of_the_organization_administers_it(world: World, olga: User) -> None:
    assert access.administered_organization(olga, "research") == world.team.organization
    with pytest.raises(PermissionDenied):
        access.administered_organization(world.users["alice"], "research")
    with pytest.raises(Http404):
        access.administered_organization(User.objects.create_user("sam"), "research")


# Members -------------------------------------------------------------------------------------------


def test_a_second_role_takes_the_place_of_the_first(registry: Registry, world: World) -> None:
    for role in (RegistryRole.VIEWER, RegistryRole.MEMBER):
        services.set_role_of_user(registry, "bob", role)
        services.set_role_of_team(registry, "acme", role)
    assert list(RegistryMember.objects.values_list("role", flat=True)) == ["member", "member"]


def test_only_people_and_teams_of_the_organization_are_added(world: World, registry: Registry) -> None:
    User.objects.create_user("sam")
    Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    with pytest.raises(ValidationError) as error:
        services.set_role_of_user(registry, "sam")
    assert refused(error) == {"username": ["There is no 'sam' in the organization research. Add them to a team."]}
    with pytest.raises(ValidationError) as error:
        services.set_role_of_team(registry, "them")
    assert refused(error) == {"team": ["There is no team 'them' in the organization research. Choose one of its own."]}
    assert RegistryMember.objects.count() == 0


def test_a_member_is_a_person_or_a_team(world: World, registry: Registry) -> None:
    for both in ({}, {"user": world.users["bob"], "team": world.team}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RegistryMember.objects.create(registry=registry, **both)


def test_a_name_is_used_once_in_an_organization(world: World, registry: Registry) -> None:
    with pytest.raises(Conflict) as error:
        services.create_registry(world.team.organization, "models")
    assert refused(error) == {"name": ["The organization research has a registry 'models' already."]}
    assert Registry.objects.count() == 1


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "..", " a", "a\n", "x" * 65])
def test_a_registry_name_that_cannot_be_one_is_refused(world: World, name: str) -> None:
    with pytest.raises(ValidationError) as error:
        services.create_registry(world.team.organization, name)
    assert list(refused(error)) == ["name"]
    assert Registry.objects.count() == 0
