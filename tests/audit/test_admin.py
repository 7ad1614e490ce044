"""What superusers change at /admin/ is told too, where no service stands between."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from artifacts.models import Registry
from projects.models import Project
from registries.models import RegistryMember
from teams.models import ApiKey, AuditEvent, Membership, Organization, Team, User
from tests.world import World


@pytest.fixture
def root(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def audit_rows() -> list[tuple[str, str, Any, Any]]:
    rows = AuditEvent.objects.filter(door="admin").order_by("id")
    assert {row.actor for row in rows} == {"root"}
    return [(row.verb, row.target, row.before, row.after) for row in rows]


def address(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)  # type: ignore[attr-defined]


def inline(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    sent: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    return sent | {f"{prefix}-{at}-{name}": value for at, row in enumerate(rows) for name, value in row.items()}


def test_a_new_user(root: Client) -> None:
    root.post(address(User, "add"), {"username": "dora", "usable_password": "false"})
    ((verb, target, before, after),) = audit_rows()
    assert (verb, target, before, after["username"], after["is_superuser"]) == (
        "user.create", "user dora", None, "dora", False,
    )  # fmt: skip


def test_a_user_who_becomes_a_superuser(root: Client, world: World) -> None:
    bob = world.users["bob"]
    sent = {"username": "bob", "is_active": "on", "is_superuser": "on", "date_joined_0": "2026-01-01"}
    answer = root.post(address(User, "change", bob.pk), {**sent, "date_joined_1": "00:00:00"})
    assert answer.status_code == 302
    assert audit_rows() == [("user.change", "user bob", {"is_superuser": False}, {"is_superuser": True})]


def test_a_new_password_for_a_user(root: Client, world: World) -> None:
    bob = world.users["bob"]
    passwords = {"password1": "hush-hush-hush-1", "password2": "hush-hush-hush-1", "usable_password": "true"}
    root.post(reverse("admin:auth_user_password_change", args=[bob.pk]), passwords)
    masked = {"password": "********"}
    assert audit_rows() == [("user.change", "user bob", masked, masked)]


def test_a_team_with_its_first_admin(root: Client, world: World) -> None:
    member = {"user": world.users["bob"].pk, "role": "admin"}
    organization = world.team.organization
    answer = root.post(
        address(Team, "add"), {"name": "third", "organization": organization.pk, **inline("memberships", member)}
    )
    assert answer.status_code == 302
    assert audit_rows() == [
        ("team.create", "team third", None, {"name": "third", "organization": "research"}),
        ("member.add", "member bob", None, {"role": "admin"}),
    ]


def test_roles_that_change_and_members_that_go_in_a_teams_form(root: Client, world: World) -> None:
    bob, vera = Membership.objects.get(user__username="bob"), Membership.objects.get(user__username="vera")
    rows = [
        {"id": bob.pk, "team": world.team.pk, "user": bob.user_id, "role": "admin"},
        {"id": vera.pk, "team": world.team.pk, "user": vera.user_id, "role": "viewer", "DELETE": "on"},
    ]
    sent = {"name": "acme", "organization": world.team.organization_id, **inline("memberships", *rows, initial=2)}
    assert root.post(address(Team, "change", world.team.pk), sent).status_code == 302
    assert audit_rows() == [
        ("member.change", "member bob", {"role": "member"}, {"role": "admin"}),
        ("member.remove", "member vera", {"role": "viewer"}, None),
    ]


def test_a_membership_of_its_own_page(root: Client, world: World) -> None:
    bob = Membership.objects.get(user__username="bob")
    root.post(address(Membership, "change", bob.pk), {"team": bob.team_id, "user": bob.user_id, "role": "viewer"})
    root.post(address(Membership, "delete", bob.pk), {"post": "yes"})
    assert [(verb, target) for verb, target, _before, _after in audit_rows()] == [
        ("member.change", "member bob"),
        ("member.remove", "member bob"),
    ]


def test_admins_of_an_organization(root: Client, world: World) -> None:
    organization = world.team.organization
    sent = {"name": "research", "admins": f"{world.users['bob'].pk}"}
    root.post(address(Organization, "change", organization.pk), sent)
    assert audit_rows() == [("organization.change", "organization research", {"admins": []}, {"admins": ["bob"]})]


def test_a_project(root: Client, world: World) -> None:
    sent = {"name": "new", "team": world.team.pk, "late_after_hours": 24}
    assert root.post(address(Project, "add"), sent).status_code == 302
    made = Project.objects.get(name="new")
    root.post(address(Project, "change", made.pk), {**sent, "name": "newer", "team": world.other_team.pk})
    led = root.post(address(Project, "delete", made.pk), {"post": "yes"})
    assert led["Location"] == "/profile/deletions/new?kind=project&name=acme%2Fnewer"
    root.post(led["Location"], {"confirm": "acme/newer"})
    assert [(verb, target) for verb, target, _before, _after in audit_rows()] == [
        ("project.create", "project acme/new"),
        ("project.change", "project acme/newer"),
    ]
    assert AuditEvent.objects.get(verb="deletion.schedule").target == "project acme/newer"
    assert audit_rows()[1][2:] == ({"name": "new"}, {"name": "newer"})
    assert {row.team for row in AuditEvent.objects.filter(verb__regex="^(project|deletion)")} == {world.team}


def test_a_registry_and_its_members(root: Client, world: World) -> None:
    member = {"user": world.users["bob"].pk, "team": "", "role": "admin"}
    sent = {"name": "models", "organization": world.team.organization_id, "visibility": "restricted"}
    assert root.post(address(Registry, "add"), {**sent, **inline("members", member)}).status_code == 302
    assert [(verb, target) for verb, target, _before, _after in audit_rows()] == [
        ("registry.create", "registry research/models"),
        ("registry_member.add", "person bob in the registry models"),
    ]
    assert RegistryMember.objects.count() == 1


@pytest.mark.parametrize("model", [ApiKey, User])
def test_many_that_go_at_once(root: Client, world: World, model: type) -> None:
    rows = list(model.objects.exclude(pk=0).order_by("-pk")[:2])  # type: ignore[attr-defined]
    rows = [row for row in rows if getattr(row, "username", "") != "root"]
    chosen = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    assert root.post(address(model, "changelist"), chosen).status_code == 302
    assert sorted(before is not None and after is None for _verb, _target, before, after in audit_rows()) == [
        True
    ] * len(rows)
    assert {verb.partition(".")[2] for verb, *_rest in audit_rows()} == {"delete"}
