"""Deletion of registries, teams and organizations: what goes along, and what stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from artifacts.models import Collection, Registry, Version
from artifacts.services import create_version, get_or_create_collection
from automations.models import Automation
from common.data.validation_errors import Conflict
from integrations.models import Integration
from operations.deletion.deletable import registry
from operations.deletion.scheduling import deletions_of, undo
from projects.models import Project
from registries.access import registries_of
from registries.models import RegistryMember
from registries.services import create_registry, link, set_role_of_team, set_role_of_user
from secrets_vault.models import Secret
from teams.access import teams_of
from teams.accounts.api_key import key_of, store_key
from teams.joining.new_team import create_team
from teams.memberships import leave
from teams.models import ApiKey, AuditEvent, Deletion, Membership, Organization, Role, Team, User
from tests.conftest import as_person
from tests.operations.test_deletion import delete, purged
from tests.world import FAILED, World


@pytest.fixture
def owners(world: World) -> World:
    """Acme has a secret, a webhook, an automation, a key, a service account, and a version in the registry models."""
    world.team.organization.admins.add(world.users["alice"])
    world.secret("TOKEN", "hush")
    world.webhook("http://127.0.0.1:9/hook", secret="TOKEN")
    world.automation(FAILED)
    made, _created = get_or_create_collection(world.project, "model", "model")
    models = create_registry(world.team.organization, "models")
    link(create_version(made, "d0").entry.version, models, "model")
    robot = User.objects.create_user("robot", is_service=True)
    Membership.objects.create(team=world.team, user=robot, role=Role.MEMBER)
    store_key(robot, "of robot", "r" * 44)
    return world


def test_a_team_is_deleted_by_an_admin_of_its_organization(owners: World) -> None:
    find = registry.get("team").find
    assert find(owners.users["alice"], "acme") == owners.team
    with pytest.raises(PermissionDenied):
        find(owners.users["bob"], "acme")
    with pytest.raises(Http404):
        find(owners.users["charlie"], "acme")


def test_a_team_that_waits_is_nowhere_and_comes_back_whole(owners: World) -> None:
    alice = owners.users["alice"]
    deletion = delete(owners, "acme", "team")
    assert "acme" not in [team.name for team in teams_of(alice)]
    with pytest.raises(ValidationError, match="until then its name is taken"):
        Team(organization=owners.team.organization, name="acme").full_clean()
    assert list(deletions_of(alice)) == [deletion]
    undo(deletion)
    assert "acme" in [team.name for team in teams_of(alice)]
    assert Secret.objects.filter(team=owners.team).count() == 1


def test_with_a_team_go_its_secrets_integrations_keys_and_service_accounts(owners: World) -> None:
    delete(owners, "acme", "team")
    purged()
    for model in (Project, Version, Automation, Integration, Secret):
        assert not model._base_manager.exists(), model
    assert list(Team.all_rows.values_list("name", flat=True)) == [owners.other_team.name]
    assert key_of("r" * 44) is None
    assert not User.objects.get(username="robot").is_active
    assert User.objects.get(username="bob").is_active
    assert key_of(owners.keys["bob"]) is not None
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"secret.delete", "webhook.delete", "key.delete", "deletion.finish"} <= verbs


def test_a_registry_goes_and_what_was_linked_there_stays(owners: World) -> None:
    delete(owners, "research/models", "registry")
    assert not registries_of(owners.users["alice"]).exists()
    purged()
    assert not Registry.all_rows.exists()
    assert (Version.objects.count(), Collection.objects.count(), RegistryMember.objects.count()) == (1, 1, 0)


def test_an_organization_goes_with_its_teams_and_its_people_stay(owners: World) -> None:
    deletion = delete(owners, "research", "organization")
    alice = owners.users["alice"]
    assert (list(teams_of(alice)), list(registries_of(alice))) == ([], [])
    assert deletion.contents["teams"] == 2
    purged()
    assert not Organization.all_rows.exists()
    assert not Team.all_rows.exists()
    assert User.objects.filter(is_active=True, is_service=False).count() == len(owners.users)
    deletion.refresh_from_db()
    assert deletion.finished_at is not None


def test_undone_an_organization_brings_back_its_teams_but_for_those_deleted_by_themselves(owners: World) -> None:
    by_itself = delete(owners, "acme", "team")
    with_all = delete(owners, "research", "organization")
    with pytest.raises(Conflict, match="undo that first"):
        undo(Deletion.objects.get(pk=by_itself.pk))
    undo(with_all)
    assert list(Team.objects.values_list("name", flat=True)) == [owners.other_team.name]
    undo(Deletion.objects.get(pk=by_itself.pk))
    assert Team.objects.count() == 2


def test_a_key_of_one_team_undoes_nothing_of_another(owners: World) -> None:
    delete(owners, "acme", "team")
    alice = owners.users["alice"]
    alice.shown_key = ApiKey(user=alice, team=owners.team)
    assert not deletions_of(alice).exists()


def test_a_superuser_deletes_what_is_anybodys(owners: World, api: Any) -> None:
    User.objects.filter(username="charlie").update(is_superuser=True)
    charlie = User.objects.get(username="charlie")
    for kind, name in (("project", "acme/mnist"), ("team", "acme"), ("organization", "research")):
        assert str(registry.get(kind).find(charlie, name)) == name


def test_a_registry_comes_back_by_who_administers_it_and_not_by_who_has_left(owners: World) -> None:
    organization = owners.team.organization
    models = Registry.objects.get()
    for name in ("bob", "vera"):
        set_role_of_user(models, name, "admin")
    leave(Membership.objects.get(team=owners.team, user=owners.users["bob"]))
    deletion = delete(owners, f"{organization}/models", "registry")
    assert list(deletions_of(owners.users["vera"])) == [deletion]
    assert list(deletions_of(owners.users["bob"])) == []
    assert as_person(owners.keys["bob"]).post(f"/api/v1/deletions/{deletion.pk}/undo").status_code == 404


def test_a_registry_comes_back_by_the_people_of_a_team_that_administers_it(owners: World) -> None:
    models = Registry.objects.get()
    set_role_of_team(models, "acme", "admin")
    deletion = delete(owners, f"{models.organization}/models", "registry")
    assert list(deletions_of(owners.users["vera"])) == [deletion]
    assert list(deletions_of(owners.users["charlie"])) == []


def test_a_team_of_a_hidden_organization_is_named_to_no_other(owners: World) -> None:
    other = Organization.objects.create(name="elsewhere")
    root = User.objects.create_superuser("root")
    said = []
    for is_hidden in (False, True):
        if is_hidden:
            delete(owners, str(owners.team.organization), "organization")
        with pytest.raises(Conflict) as refused:
            create_team(other, "acme", by=root)
        said.append(refused.value.messages)
    assert said[0] == said[1] == ["'acme' cannot be had: choose another name."]


def test_strangers_cannot_tell_a_team_by_the_statements_that_it_takes(owners: World) -> None:
    counts, find = [], registry.get("team").find
    for name in ("acme", "nowhere"):
        with CaptureQueriesContext(connection) as asked, pytest.raises(Http404):
            find(owners.users["charlie"], name)
        counts.append(len(asked))
    assert counts[0] == counts[1]
