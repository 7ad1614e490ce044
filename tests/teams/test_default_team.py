"""Scripts that name no entity use the team that the person chose; joining never moves it. Everybody can leave."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from rest_framework.test import APIClient

from projects.models import Run
from teams.accounts.default_team import choose_default_team, default_team
from teams.joining import invitations
from teams.memberships import leave, set_role
from teams.models import AuditEvent, Membership, Organization, Role, Team, User
from tests.audit.test_audit import newest
from tests.conftest import as_person
from tests.pages.people import browser, text
from tests.wandb_api.conftest import GraphQL
from tests.world import World

ME = "/api/v1/me"
UPSERT = "mutation($input: UpsertBucketInput!) { upsertBucket(input: $input) { bucket { project { entityName } } } }"
UPDATE = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { username entity } } }"


def logged_to(world: World, name: str) -> str:
    """Log a run as a script that names no entity, and give the team that it went to."""
    data = GraphQL(world.keys[name]).data(UPSERT, input={"modelName": "train", "name": f"run{Run.objects.count()}"})
    return str(data["upsertBucket"]["bucket"]["project"]["entityName"])


@pytest.fixture
def early(world: World) -> Team:
    """A team of the organization that comes first by name; alice, who administers it too, adds people there."""
    team = Team.objects.create(organization=world.team.organization, name="aaa")
    Membership.objects.create(team=team, user=world.users["alice"], role=Role.ADMIN)
    return team


def test_joining_never_moves_where_scripts_log(world: World, early: Team, api: APIClient, olga: User) -> None:
    for name in ("bob", "charlie"):
        before = logged_to(world, name)
        assert api.post("/api/v1/teams/aaa/members", {"username": name}, format="json").status_code == 201
        assert logged_to(world, name) == before
    _invitation, link = invitations.invite(early, Role.MEMBER, by=world.users["alice"])
    invitations.accept(link.partition("=")[2], olga)
    assert logged_to(world, "olga") == "them"


def test_joining_as_a_member_does_not_move_it_for_who_may_only_look(world: World, early: Team) -> None:
    set_role(early, "vera", Role.MEMBER)
    status, body = GraphQL(world.keys["vera"]).send(UPSERT, input={"modelName": "train", "name": "x"})
    assert (status, Run.objects.count()) == (403, 0)
    assert "choose another default team in your profile" in body["errors"][0]["message"]


def test_the_first_team_one_joins_is_the_default(world: World, early: Team) -> None:
    sam = User.objects.create_user("sam")
    assert default_team(sam) is None
    set_role(world.team, "sam", Role.MEMBER)
    set_role(early, "sam", Role.ADMIN)
    assert default_team(User.objects.get(pk=sam.pk)) == world.team


@pytest.mark.parametrize("door", ["rest", "sdk", "page"])
def test_the_chosen_team_is_where_scripts_log_and_the_choice_is_told(world: World, early: Team, door: str) -> None:
    set_role(early, "bob", Role.MEMBER)
    if door == "rest":
        answer = as_person(world.keys["bob"]).patch(ME, {"default_team": "aaa"}, format="json")
        assert (answer.status_code, answer.json()["default_team"]) == (200, "aaa")
    elif door == "sdk":
        data = GraphQL(world.keys["bob"]).data(UPDATE, input={"defaultEntity": "aaa"})
        assert data == {"updateUser": {"user": {"username": "bob", "entity": "aaa"}}}
    else:
        assert browser(world, "bob").post("/profile", {"default_team": early.pk}).status_code == 302
    assert logged_to(world, "bob") == "aaa"
    row = newest_change()
    assert (row.actor, row.door, row.team) == ("bob", door, None)
    assert (row.before, row.after) == ({"default_team": "acme"}, {"default_team": "aaa"})
    assert as_person(world.keys["bob"]).get(ME).json()["default_team"] == "aaa"


def newest_change() -> AuditEvent:
    return AuditEvent.objects.filter(verb="user.change").latest("id")


@pytest.mark.parametrize("name", ["them", "nowhere", "other", "org.research", ""])
def test_a_team_of_others_cannot_be_chosen_and_is_as_unknown_as_none(
    world: World, olga: User, api: APIClient, name: str
) -> None:
    answer = api.patch(ME, {"default_team": name}, format="json")
    status, body = GraphQL(world.keys["alice"]).send(UPDATE, input={"defaultEntity": name})
    assert (answer.status_code, status) == (400, 422)
    said = f"There is no team {name!r} here, or you are not on it. Choose one of yours."
    assert body["errors"][0]["message"] == f"default_team: {said}"
    assert answer.json()["errors"][0]["message"] in (said, "This field may not be blank.")
    form = browser(world, "alice").post("/profile", {"default_team": world.other_team.pk})
    assert (form.status_code, "is not one of the available choices" in text(form)) == (200, True)
    assert User.objects.get(username="alice").default_team is None


def test_the_sdk_changes_nobody_else_and_nothing_else(world: World, graphql_as_alice: GraphQL) -> None:
    mine = graphql_as_alice.data("{ viewer { id } }")["viewer"]["id"]
    theirs = GraphQL(world.keys["bob"]).data("{ viewer { id } }")["viewer"]["id"]
    assert graphql_as_alice.send(UPDATE, input={"id": mine, "defaultEntity": "acme"})[0] == 200
    assert graphql_as_alice.send(UPDATE, input={"id": theirs, "defaultEntity": "acme"})[0] == 404
    assert graphql_as_alice.send(UPDATE, input={"id": mine})[0] == 422
    assert GraphQL(None).send(UPDATE, input={"defaultEntity": "acme"})[0] == 401


@pytest.fixture
def graphql_as_alice(world: World) -> GraphQL:
    return GraphQL(world.keys["alice"])


def test_a_form_without_the_team_leaves_it(world: World, early: Team) -> None:
    bob = world.users["bob"]
    set_role(early, "bob", Role.MEMBER)
    choose_default_team(bob, "aaa")
    browser(world, "bob").post("/profile", {"email": "bob@mail.test"})
    bob.refresh_from_db()
    assert (bob.email, bob.default_team) == ("bob@mail.test", early)


def test_leaving_the_default_falls_back_to_the_team_that_one_has_been_on_for_longest(world: World, early: Team) -> None:
    set_role(world.other_team, "bob", Role.VIEWER)
    set_role(early, "bob", Role.MEMBER)
    late = Team.objects.create(organization=world.team.organization, name="aa")
    set_role(late, "bob", Role.MEMBER)
    leave(Membership.objects.get(team=world.team, user=world.users["bob"]))
    assert logged_to(world, "bob") == "aaa"
    # Coming back is joining: it moves nothing.
    set_role(world.team, "bob", Role.MEMBER)
    assert logged_to(world, "bob") == "aaa"
    for team in (early, late, world.team):
        leave(Membership.objects.get(team=team, user=world.users["bob"]))
    assert default_team(User.objects.get(username="bob")) == world.other_team


def test_a_deleted_default_team_falls_back_too(world: World, early: Team) -> None:
    set_role(early, "bob", Role.MEMBER)
    choose_default_team(world.users["bob"], "aaa")
    early.delete()
    assert logged_to(world, "bob") == "acme"


def test_existing_people_keep_the_team_that_was_meant_until_now(world: World, early: Team) -> None:
    """The first by name in which they may log; of those who may log nowhere, the first."""
    bob, vera = world.users["bob"], world.users["vera"]
    Membership.objects.create(team=early, user=bob, role=Role.VIEWER)
    Membership.objects.create(team=world.other_team, user=bob, role=Role.MEMBER)
    Membership.objects.create(team=early, user=vera, role=Role.VIEWER)
    nobody = User.objects.create_user("nobody")
    import_module("teams.migrations.0012_fill_default_team").fill(apps, connection.schema_editor())
    found = {user.username: str(user.default_team) for user in User.objects.filter(pk__in=[bob.pk, vera.pk, nobody.pk])}
    assert found == {"bob": "acme", "vera": "aaa", "nobody": "None"}


# Leaving -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["rest", "page"])
@pytest.mark.parametrize("name", ["bob", "vera"])
def test_everybody_leaves_a_team_of_theirs_and_it_is_told(world: World, name: str, door: str) -> None:
    if door == "rest":
        assert as_person(world.keys[name]).delete(f"/api/v1/teams/acme/members/{name}").status_code == 204
    else:
        asked = browser(world, name).get("/profile/teams/acme/leave")
        assert "Scripts that name no entity log to it today" in text(asked)
        assert browser(world, name).post("/profile/teams/acme/leave")["Location"] == "/profile"
    assert not Membership.objects.filter(user__username=name).exists()
    row = newest()
    assert (row.verb, row.actor, row.team) == ("member.remove", name, world.team)
    assert as_person(world.keys[name]).get("/api/v1/teams/acme/members").status_code == 404


@pytest.mark.parametrize("door", ["rest", "page"])
def test_the_last_admin_stays_and_is_told_what_to_do(world: World, api: APIClient, door: str) -> None:
    if door == "rest":
        answer: Any = api.delete("/api/v1/teams/acme/members/alice")
        assert answer.status_code == 400
    else:
        answer = browser(world, "alice").post("/profile/teams/acme/leave")
        assert answer.status_code == 422
    assert "alice is the last admin of acme. Make someone else admin first." in text(answer)
    assert Membership.objects.get(user__username="alice").role == "admin"


def test_nobody_but_an_admin_removes_somebody_else(world: World) -> None:
    assert as_person(world.keys["bob"]).delete("/api/v1/teams/acme/members/vera").status_code == 403
    assert as_person(world.keys["charlie"]).delete("/api/v1/teams/acme/members/charlie").status_code == 404
    assert Membership.objects.filter(team=world.team).count() == 3


def test_the_profile_lists_ones_teams_and_marks_the_default(world: World, early: Team) -> None:
    shown = text(browser(world, "alice").get("/profile"))
    assert 'href="/profile/teams/aaa/leave"' in shown
    assert shown.count('<span class="tag">default</span>') == 1
    assert f'<option value="{world.team.pk}" selected>acme</option>' in shown


def test_who_is_on_no_team_has_none_to_choose(world: World) -> None:
    world.users["sam"] = User.objects.create_user("sam")
    shown = text(browser(world, "sam").get("/profile"))
    assert "Default team" not in shown
    assert browser(world, "sam").post("/profile", {"default_team": world.team.pk}).status_code == 302
    assert User.objects.get(username="sam").default_team is None


def test_an_organization_elsewhere_is_no_reason_to_be_added(world: World, api: APIClient, olga: User) -> None:
    Organization.objects.get(name="elsewhere").admins.add(olga)
    assert api.post("/api/v1/teams/acme/members", {"username": "olga"}, format="json").status_code == 400
