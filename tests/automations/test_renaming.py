from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from artifacts.models import Registry
from artifacts.services import get_or_create_collection
from automations.access import automation_numbered
from automations.definitions.draft_validation import AutomationDraft
from automations.definitions.renaming import describe_collection, rename_registry
from automations.definitions.scopes import place_named
from automations.definitions.services import create_automation
from automations.models import Automation
from common.data.validation_errors import Conflict
from registries.services import create_registry, link
from teams.models import Organization, Role, User
from tests.artifacts.sending import sent
from tests.world import World


def listening(world: World, **scope: str) -> Automation:
    place = place_named(scope)
    assert place is not None
    draft = AutomationDraft(name=scope["name"], event="LINK_MODEL", conditions=[], action={"type": "do_nothing"})
    return create_automation(place, draft, by=world.users["alice"])


def names() -> list[Any]:
    return list(Automation.objects.order_by("pk").values_list("scope_name", flat=True))


def test_who_listens_in_a_collection_says_its_new_name(world: World) -> None:
    collection = get_or_create_collection(world.project, "model", "model")[0]
    made = listening(world, type="collection", name="acme/mnist/model")
    listening(world, type="project", name="acme/mnist")
    describe_collection(collection, name="better")
    assert names() == ["acme/mnist/better", "acme/mnist"]
    made.refresh_from_db()
    again = place_named({"type": "collection", "name": made.scope_name})
    assert again is not None
    assert again.key == made.scope


def test_who_listens_in_a_registry_and_its_collections_says_its_new_name(world: World) -> None:
    registry, beside = (create_registry(world.team.organization, name) for name in ("models", "beside"))
    version = sent(get_or_create_collection(world.project, "model", "model")[0], {"m.txt": b"weights"})
    for place in (registry, beside):
        link(version, place, "best")
        listening(world, type="registry", name=f"research/{place.name}", team="acme")
        listening(world, type="registry_collection", name=f"research/{place.name}/best", team="acme")
    rename_registry(registry, "ours")
    assert names() == ["research/ours", "research/ours/best", "research/beside", "research/beside/best"]


def test_a_name_that_is_taken_changes_nothing(world: World) -> None:
    registry = create_registry(world.team.organization, "models")
    create_registry(world.team.organization, "taken")
    listening(world, type="registry", name="research/models", team="acme")
    with pytest.raises(Conflict):
        rename_registry(registry, "taken")
    assert names() == ["research/models"]


# At /admin/ ----------------------------------------------------------------------------------------


@pytest.fixture
def everywhere(world: World) -> list[Automation]:
    """An automation in each kind of place."""
    version = sent(get_or_create_collection(world.project, "model", "model")[0], {"m.txt": b"weights"})
    link(version, create_registry(world.team.organization, "models"), "best")
    shared = {"organization": "research", "registry": "research/models", "registry_collection": "research/models/best"}
    own = {"team": "acme", "project": "acme/mnist", "collection": "acme/mnist/model"}
    return [
        *(listening(world, type=kind, name=name, team="acme") for kind, name in shared.items()),
        *(listening(world, type=kind, name=name) for kind, name in own.items()),
    ]


def changed_at_admin(row: Model, **sent: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    empty = {f"{prefix}-{form}_FORMS": 0 for prefix in ("memberships", "members") for form in ("TOTAL", "INITIAL")}
    assert client.post(address, {**empty, **sent}).status_code == 302


def test_a_renamed_organization_is_said_by_what_listens_in_it(world: World, everywhere: list[Automation]) -> None:
    changed_at_admin(world.team.organization, name="lab")
    assert names() == ["lab", "lab/models", "lab/models/best", "acme", "acme/mnist", "acme/mnist/model"]


def test_a_renamed_team_is_said_by_what_listens_in_it(world: World, everywhere: list[Automation]) -> None:
    changed_at_admin(world.team, name="acne")
    assert names() == [
        "research", "research/models", "research/models/best", "acne", "acne/mnist", "acne/mnist/model",
    ]  # fmt: skip


def test_a_renamed_project_is_said_by_what_listens_in_it(world: World, everywhere: list[Automation]) -> None:
    changed_at_admin(world.project, name="digits", late_after_hours=24)
    assert names()[3:] == ["acme", "acme/digits", "acme/digits/model"]


def test_a_renamed_registry_is_said_by_what_listens_in_it(world: World, everywhere: list[Automation]) -> None:
    changed_at_admin(Registry.objects.get(), name="ours", visibility="organization")
    assert names()[:3] == ["research", "research/ours", "research/ours/best"]


def test_what_is_there_is_not_moved_to_another_owner(world: World, everywhere: list[Automation]) -> None:
    elsewhere = Organization.objects.create(name="elsewhere")
    changed_at_admin(world.project, name="mnist", late_after_hours=24, team=world.other_team.pk)
    User.objects.get(username="root").delete()
    changed_at_admin(world.team, name="acme", organization=elsewhere.pk)
    world.project.refresh_from_db()
    world.team.refresh_from_db()
    assert (world.project.team, world.team.organization.name) == (world.team, "research")


def test_an_automation_goes_with_its_organization_and_not_with_the_name(
    world: World, everywhere: list[Automation]
) -> None:
    organization = world.team.organization
    organization.admins.add(world.users["alice"])
    # As an older Runbell left it: the automation says the old name.
    Organization.objects.filter(pk=organization.pk).update(name="lab")
    Organization.objects.create(name="research").admins.add(world.users["bob"])
    automation = everywhere[0]
    assert automation_numbered(world.users["alice"], automation.pk, Role.MEMBER) == automation
    with pytest.raises(PermissionDenied, match="an admin of the organization lab"):
        automation_numbered(world.users["bob"], automation.pk, Role.MEMBER)
