"""People, teams and keys over GraphQL: with the rights of the caller, and told in the audit log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from registries.models import RegistryMember
from teams.accounts.api_key import KeyLimits, create_key, store_key
from teams.models import ApiKey, AuditEvent, Invitation, Membership, Organization, Role, Team, User
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.graphql.feature_flags import FEATURES
from wandb_api.graphql.global_ids import global_id

TEAM = """mutation($name: String!, $admin: String) { createTeam(input: {teamName: $name, teamAdminUserName: $admin}) {
    entity { id name available photoUrl limits } } }"""
INVITE = """mutation($email: String, $username: String, $admin: Boolean) { createInvite(input: {entityName: "acme",
    email: $email, username: $username, admin: $admin}) { invite { id name email createdAt toUser { name } } } }"""
UNINVITE = 'mutation($id: String) { deleteInvite(input: {id: $id, entityName: "acme"}) { success } }'
SERVICE = """mutation($description: String!) { createServiceAccount(input: {description: $description,
    entityName: "acme"}) { user { id } } }"""
MEMBERS = """query($name: String!) { entity(name: $name) { id members { id admin pending email username name accountType
    apiKey } } }"""
KEY = "mutation($description: String) { generateApiKey(input: {description: $description}) { apiKey { id name } } }"
UNKEY = "mutation($id: String!) { deleteApiKey(input: {id: $id}) { success } }"
PERSON = """mutation($email: String!, $admin: Boolean) { createUser(input: {email: $email, admin: $admin}) { user {
    id name username email admin } } }"""
USERS = """query($asked: String) { users(query: $asked) { edges { node { username email
    apiKeys { edges { node { name } } } teams { edges { node { name } } } } } } }"""
MY_KEYS = "{ viewer { apiKeys { edges { node { id name description } } } } }"


def as_key_of(world: World, person: str, **limits: Any) -> GraphQL:
    return GraphQL(create_key(world.users[person], "narrow", KeyLimits(**limits))[1])


def members(graphql: GraphQL) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graphql.data(MEMBERS, name="acme")["entity"]["members"]
    return found


def audit_row(verb: str) -> AuditEvent:
    return AuditEvent.objects.filter(verb=verb).latest("pk")


@pytest.fixture(autouse=True)
def dan(world: World) -> User:
    """Somebody of another organization; alice, bob, vera and charlie are of one."""
    there = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="far")
    made = User.objects.create_user("dan", email="dan@elsewhere.test")
    Membership.objects.create(team=there, user=made, role=Role.ADMIN)
    store_key(made, "dan's", "d" * 44)
    return made


@pytest.fixture
def organization_admin(world: World) -> World:
    world.team.organization.admins.add(world.users["alice"])
    return world


# Teams -----------------------------------------------------------------------------------------------------


def test_an_admin_of_the_organization_makes_a_team_and_is_its_admin(
    organization_admin: World, graphql: GraphQL
) -> None:
    entity = graphql.data(TEAM, name="vision")["createTeam"]["entity"]
    team = Team.objects.get(name="vision")
    assert (entity["id"], entity["name"]) == (global_id("Entity", team.pk), "vision")
    assert team.organization == organization_admin.team.organization
    assert [(one.user.username, one.role) for one in team.memberships.all()] == [("alice", "admin")]
    row = audit_row("team.create")
    assert (row.team, row.organization, row.actor) == (team, team.organization, "alice")
    assert row.after == {"name": "vision", "admin": "alice"}


def test_a_colleague_is_named_as_the_first_admin_and_nobody_from_elsewhere(
    organization_admin: World, graphql: GraphQL
) -> None:
    graphql.data(TEAM, name="vision", admin="bob")
    assert [one.user.username for one in Team.objects.get(name="vision").memberships.all()] == ["bob"]
    for name in ("dan", "nobody"):
        status, body = graphql.send(TEAM, name="other-one", admin=name)
        assert (status, f"There is no '{name}' in the organization" in body["errors"][0]["message"]) == (422, True)
    assert not Team.objects.filter(name="other-one").exists()


@pytest.mark.parametrize(("name", "status"), [("other", 409), ("acme", 409), ("settings", 422), ("No Good", 422)])
def test_a_name_of_a_team_that_cannot_be_is_refused(
    organization_admin: World, graphql: GraphQL, name: str, status: int
) -> None:
    before = Team.objects.count()
    assert graphql.send(TEAM, name=name)[0] == status
    assert Team.objects.count() == before


def test_nobody_else_makes_a_team(organization_admin: World) -> None:
    world = organization_admin
    narrow = [as_key_of(world, "alice", team=world.team), as_key_of(world, "alice", scope="log")]
    for graphql in (GraphQL(world.keys["bob"]), GraphQL(world.keys["vera"]), *narrow):
        assert graphql.send(TEAM, name="vision")[0] == 403
    assert not Team.objects.filter(name="vision").exists()


def test_a_team_that_is_not_there_is_said_where_its_members_are_asked_for(graphql: GraphQL) -> None:
    for name in ("nope", "other"):
        status, body = graphql.send(MEMBERS, name=name)
        assert (status, body["errors"][0]["message"].startswith(f"There is no team '{name}' here")) == (404, True)
    assert graphql.data('{ entity(name: "nope") { id } }') == {"entity": None}


# Members ---------------------------------------------------------------------------------------------------


def test_a_colleague_is_put_on_the_team_by_name_and_others_are_not(world: World, graphql: GraphQL) -> None:
    eve = User.objects.create_user("eve", first_name="Eve")
    elsewhere = Team.objects.create(organization=world.team.organization, name="beside")
    Membership.objects.create(team=elsewhere, user=eve, role=Role.VIEWER)
    invite = graphql.data(INVITE, username="eve", admin=True)["createInvite"]["invite"]
    assert (invite["id"], invite["name"], invite["toUser"]) == (global_id("User", eve.pk), "Eve", {"name": "Eve"})
    assert Membership.objects.get(team=world.team, user=eve).role == Role.ADMIN
    assert audit_row("member.add").person == eve
    assert graphql.send(INVITE, username="eve")[0] == 409
    foreign, nobody = graphql.send(INVITE, username="dan"), graphql.send(INVITE, username="nobody")
    assert foreign[0] == nobody[0] == 422
    assert str(foreign[1]).replace("'dan'", "'nobody'") == str(nobody[1])


def test_an_address_gets_an_invitation_which_its_admins_see_and_take_back(
    world: World, graphql: GraphQL, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.test"
    invite = graphql.data(INVITE, email="new@example.test")["createInvite"]["invite"]
    row = Invitation.objects.get()
    assert (invite["id"], row.email, row.role, row.digest) == (
        global_id("Invitation", row.pk), "new@example.test", "member", None,
    )  # fmt: skip
    assert graphql.send(INVITE, email="new@example.test")[0] == 409
    first, *_people = members(graphql)
    assert (first["id"], first["pending"], first["email"]) == (invite["id"], True, "new@example.test")
    assert not any(one["pending"] for one in members(GraphQL(world.keys["bob"])))
    assert graphql.data(UNINVITE, id=invite["id"])["deleteInvite"] == {"success": True}
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert graphql.send(UNINVITE, id=invite["id"])[0] == 404


def test_without_mail_nobody_is_invited_to_a_link_that_nobody_gets(world: World, graphql: GraphQL) -> None:
    status, body = graphql.send(INVITE, email="new@example.test")
    assert (status, "sends no e-mail" in body["errors"][0]["message"]) == (422, True)
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


def test_an_admin_takes_a_member_off_and_the_last_admin_stays(world: World, graphql: GraphQL) -> None:
    bob, alice = world.users["bob"], world.users["alice"]
    assert GraphQL(world.keys["bob"]).send(UNINVITE, id=global_id("User", alice.pk))[0] == 403
    graphql.data(UNINVITE, id=global_id("User", bob.pk))
    assert not Membership.objects.filter(user=bob).exists()
    assert graphql.send(UNINVITE, id=global_id("User", bob.pk))[0] == 404
    assert graphql.send(UNINVITE, id=global_id("User", alice.pk))[0] == 422
    GraphQL(world.keys["vera"]).data(UNINVITE, id=global_id("User", world.users["vera"].pk))
    assert not Membership.objects.filter(user=world.users["vera"]).exists()


@pytest.mark.parametrize("person", ["bob", "vera", "charlie"])
def test_who_is_no_admin_changes_nobody(world: World, person: str) -> None:
    graphql = GraphQL(world.keys[person])
    status = 404 if person == "charlie" else 403
    before = list(Membership.objects.order_by("pk").values_list())
    assert graphql.send(INVITE, username="bob", admin=True)[0] == status
    assert graphql.send(SERVICE, description="nightly")[0] == status
    assert graphql.send(UNINVITE, id=global_id("User", world.users["alice"].pk))[0] == status
    assert list(Membership.objects.order_by("pk").values_list()) == before


# Service accounts ------------------------------------------------------------------------------------------


def test_a_service_account_is_the_last_member_and_hands_its_key_over_once(world: World, graphql: GraphQL) -> None:
    made = graphql.data(SERVICE, description="Nightly CI")["createServiceAccount"]["user"]
    last = members(graphql)[-1]
    assert (last["id"], last["name"], last["accountType"]) == (made["id"], "Nightly CI", "SERVICE")
    assert members(graphql)[-1]["apiKey"] is None
    account = GraphQL(last["apiKey"])
    assert account.data("{ viewer { username entity } }")["viewer"] == {"username": last["username"], "entity": "acme"}
    user = User.objects.get(username=last["username"])
    assert (user.is_service, user.has_usable_password(), user.api_keys.get().team) == (True, False, world.team)
    assert {"user.create", "member.add", "key.create"} <= set(AuditEvent.objects.values_list("verb", flat=True))
    assert last["apiKey"] not in str(list(ApiKey.objects.values_list())) + str(list(AuditEvent.objects.values_list()))


def test_nobody_else_and_nobody_later_reads_the_key(world: World, graphql: GraphQL) -> None:
    world.team.memberships.filter(user=world.users["bob"]).update(role=Role.ADMIN)
    graphql.data(SERVICE, description="Nightly CI")
    assert members(GraphQL(world.keys["bob"]))[-1]["apiKey"] is None
    assert members(as_key_of(world, "alice", scope="read"))[-1]["apiKey"] is None
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert members(graphql)[-1]["apiKey"] is None


def test_the_key_of_a_service_account_may_no_more_than_the_one_that_made_it(world: World) -> None:
    end = timezone.now() + timedelta(days=1)
    as_key_of(world, "alice", team=world.team, expires_at=end).data(SERVICE, description="nightly")
    assert User.objects.get(is_service=True, first_name="nightly").api_keys.get().expires_at == end


# Keys ------------------------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_listed_by_its_beginning_and_deleted(world: World, graphql: GraphQL) -> None:
    made = graphql.data(KEY, description="laptop")["generateApiKey"]["apiKey"]
    fresh = GraphQL(made["name"])
    keys = [edge["node"] for edge in fresh.data(MY_KEYS)["viewer"]["apiKeys"]["edges"]]
    listed = next(one for one in keys if one["id"] == made["id"])
    assert (listed["description"], made["name"].startswith(listed["name"])) == ("laptop", True)
    assert fresh.data(UNKEY, id=made["id"])["deleteApiKey"] == {"success": True}
    assert fresh.send(MY_KEYS)[0] == 401
    assert (audit_row("key.create").after or {})["name"] == "laptop" and audit_row("key.delete").person == world.users[
        "alice"
    ]


def test_a_key_of_one_team_makes_keys_of_that_team_and_one_to_read_makes_none(world: World) -> None:
    as_key_of(world, "alice", team=world.team).data(KEY, description="second")
    assert ApiKey.objects.get(name="second").team == world.team
    assert as_key_of(world, "alice", scope="read").send(KEY)[0] == 403
    assert as_key_of(world, "alice").send(KEY, description="x" * 65)[0] == 422


def test_a_key_of_somebody_else_is_not_there(world: World, graphql: GraphQL) -> None:
    theirs = global_id("ApiKey", world.users["bob"].api_keys.get().pk)
    assert graphql.send(UNKEY, id=theirs)[0] == 404
    world.users["alice"].is_superuser = True
    world.users["alice"].save()
    assert as_key_of(world, "alice", team=world.team).send(UNKEY, id=theirs)[0] == 404
    assert graphql.data(UNKEY, id=theirs)["deleteApiKey"] == {"success": True}
    assert GraphQL(world.keys["bob"]).send(MY_KEYS)[0] == 401


# People ----------------------------------------------------------------------------------------------------


def users_found(graphql: GraphQL, query: str | None) -> dict[str, Any]:
    return {edge["node"]["username"]: edge["node"] for edge in graphql.data(USERS, asked=query)["users"]["edges"]}


def test_an_instance_admin_makes_a_person_and_nobody_else_does(world: World, graphql: GraphQL) -> None:
    assert graphql.send(PERSON, email="ada@example.test")[0] == 403
    User.objects.filter(username="alice").update(is_superuser=True)
    assert as_key_of(world, "alice", team=world.team).send(PERSON, email="ada@example.test")[0] == 403
    made = graphql.data(PERSON, email="ada@example.test", admin=True)["createUser"]["user"]
    user = User.objects.get(email="ada@example.test")
    assert (made["username"], made["email"], made["admin"]) == ("ada", "ada@example.test", True)
    assert (user.is_superuser, user.has_usable_password(), audit_row("user.create").person) == (True, False, user)
    assert graphql.send(PERSON, email="ADA@example.test")[0] == 409
    assert graphql.send(PERSON, email="ada")[0] == 422


def test_people_of_the_organization_are_found_by_name_and_team_mates_by_address(world: World, graphql: GraphQL) -> None:
    beside = Team.objects.create(organization=world.team.organization, name="beside")
    eve = User.objects.create_user("eve", email="eve@hidden.test")
    Membership.objects.create(team=beside, user=eve, role=Role.VIEWER)
    User.objects.filter(username="bob").update(email="bob@work.test")
    assert users_found(graphql, "eve") == {"eve": {"username": "eve", "email": None, "apiKeys": None, "teams": None}}
    assert users_found(graphql, "hidden.test") == users_found(graphql, "eve@hidden.test") == {}
    assert list(users_found(graphql, "bob@work")) == ["bob"]
    assert users_found(graphql, "dan") == {}
    assert list(users_found(GraphQL("d" * 44), "")) == ["dan"]


def test_an_instance_admin_finds_everybody(world: World, graphql: GraphQL) -> None:
    User.objects.filter(username="alice").update(is_superuser=True)
    assert list(users_found(graphql, "elsewhere.test")) == ["dan"]
    assert users_found(graphql, "dan")["dan"]["email"] == "dan@elsewhere.test"
    assert len(users_found(graphql, "dan")["dan"]["apiKeys"]["edges"]) == 1
    assert users_found(as_key_of(world, "alice", team=world.team), "dan") == {}


# Organizations ---------------------------------------------------------------------------------------------


def test_who_makes_a_registry_is_its_first_member(organization_admin: World, graphql: GraphQL) -> None:
    name = organization_admin.team.organization.name
    make = """mutation($entity: String!) { upsertModel(input: {name: "wandb-registry-fresh", entityName: $entity,
        access: "PRIVATE"}) { project { members { username role { name } } } } }"""
    made = graphql.data(make, entity=f"org.{name}")["upsertModel"]["project"]
    assert made["members"] == [{"username": "alice", "role": {"name": "admin"}}]
    assert RegistryMember.objects.count() == 1


def test_each_organization_says_what_the_server_says_and_nothing_of_others(world: World, graphql: GraphQL) -> None:
    ask = """query($name: String!) { organization(name: $name) { featureFlags(rampIDType: OrgName) {
        rampKey isEnabled } } }"""
    flags = graphql.data(ask, name=world.team.organization.name)["organization"]["featureFlags"]
    assert {one["rampKey"]: one["isEnabled"] for one in flags} == FEATURES
    assert graphql.data(ask, name="elsewhere") == {"organization": None}
