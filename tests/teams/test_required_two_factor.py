"""Two-factor sign-in required by an organization: its people set one up before they see any page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from teams.joining.invitations import digest_of, invite
from teams.models import AuditEvent, Invitation, Organization, Role, User
from teams.sign_in.two_factor import factors
from teams.sign_in.two_factor.requirement import must_set_up, people_with_factors, require_two_factor
from tests.access.place import with_key
from tests.teams.second_factors import App, app_of, code_sent, with_password
from tests.world import World

PAGE = "/profile/organizations/research/two-factor"


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), tick=False) as traveller:
        yield traveller


@pytest.fixture
def research(world: World) -> Organization:
    """Requires it; alice administers it."""
    world.team.organization.admins.add(world.users["alice"])
    return require_two_factor(world.team.organization, True)


def test_people_without_a_second_factor_are_led_to_it_from_every_page(research: Organization) -> None:
    client = with_password("bob")
    for address in ("/", "/acme", "/acme/mnist/runs", "/profile", "/authorize", "/settings/", "/admin/", "/teams"):
        assert client.get(address)["Location"] == "/profile/two-factor", address
    answer = client.get("/acme/mnist/runs", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/profile/two-factor")
    page = client.get("/profile/two-factor").content.decode()
    assert "The organization research asks for a second factor." in page


def test_once_it_is_set_up_every_page_opens(research: Organization) -> None:
    client = with_password("bob")
    app = App(client.get("/profile/two-factor/app").context["secret"])
    assert client.post("/profile/two-factor/app", {"code": app.code()}).status_code == 200
    assert client.get("/acme").status_code == 200


def test_a_browser_without_one_gets_nothing_over_rest_and_scripts_go_on(research: Organization, world: World) -> None:
    client = with_password("bob")
    assert client.get("/api/v1/me").status_code == 403
    assert client.post("/api/v1/api-keys", {"name": "way around"}).status_code == 403
    assert with_key(world, "bob").get("/api/v1/me").status_code == 200
    asked = with_key(world, "bob").post("/graphql", {"query": "{ viewer { username } }"}, format="json")
    assert asked.json()["data"]["viewer"]["username"] == "bob"


def test_who_has_one_and_who_is_of_another_organization_is_not_led(research: Organization, world: World) -> None:
    app = app_of(world.users["vera"])
    client = with_password("vera")
    code_sent(client, app.code())
    assert client.get("/acme").status_code == 200
    olga = User.objects.create_user("olga", password="olga-password")
    assert not must_set_up(olga)
    research.admins.add(olga)
    assert must_set_up(olga)


def test_a_new_person_joins_and_is_led_to_it(research: Organization, world: World) -> None:
    invite(world.team, Role.VIEWER, by=world.users["alice"])
    Invitation.objects.update(digest=digest_of("i" * 43))
    client = Client()
    new = "three-quiet-bells"
    client.post(f"/invitation?token={'i' * 43}", {"username": "nina", "password1": new, "password2": new})
    assert client.get("/acme")["Location"] == "/profile/two-factor"


def test_an_invitation_is_accepted_after_the_second_step(world: World) -> None:
    app = app_of(world.users["charlie"])
    invite(world.team, Role.VIEWER, by=world.users["alice"])
    Invitation.objects.update(digest=digest_of("i" * 43))
    client, wanted = Client(), f"/invitation?token={'i' * 43}"
    client.post("/sign-in", {"username": "charlie", "password": "charlie-password", "next": wanted})
    client.post(wanted, {})
    assert not world.team.memberships.filter(user=world.users["charlie"]).exists()
    assert code_sent(client, app.code())["Location"] == wanted
    client.post(wanted)
    assert world.team.memberships.filter(user=world.users["charlie"]).exists()


def test_the_last_factor_stays_while_it_is_required(research: Organization, world: World) -> None:
    bob = world.users["bob"]
    app_of(bob)
    app = factors.app_of(bob)
    assert app is not None
    for remove in (lambda: factors.switch_off(bob), lambda: factors.remove(bob, app)):
        with pytest.raises(ValidationError, match="The organization research asks for a second factor"):
            remove()
    factors.add_key(bob, "laptop", {})
    factors.remove(bob, app)
    assert list(Authenticator.objects.order_by("type").values_list("type", flat=True)) == ["recovery_codes", "webauthn"]
    with pytest.raises(ValidationError):
        factors.remove(bob, factors.keys_of(bob).get())


def test_a_reset_leads_to_a_new_one(research: Organization, world: World) -> None:
    app_of(world.users["bob"])
    factors.reset(world.users["bob"])
    assert with_password("bob").get("/acme")["Location"] == "/profile/two-factor"


@pytest.mark.parametrize(("is_required", "statements"), [(False, 1), (True, 3)])
def test_each_page_asks_for_it_in_few_statements(
    research: Organization, world: World, is_required: bool, statements: int
) -> None:
    require_two_factor(research, is_required)
    with CaptureQueriesContext(connection) as asked:
        assert must_set_up(world.users["bob"]) == is_required
    assert len(asked) == statements


# Who says so, and who is told ----------------------------------------------------------------------


@pytest.fixture
def alice(world: World) -> Client:
    """An admin of the organization who has a second factor."""
    world.team.organization.admins.add(world.users["alice"])
    app = app_of(world.users["alice"])
    client = with_password("alice")
    code_sent(client, app.code())
    return client


def test_admins_of_the_organization_require_it_on_its_page(alice: Client, world: World) -> None:
    assert PAGE in alice.get("/orgs/research").content.decode()
    assert alice.post(PAGE, {"required": "yes"})["Location"] == PAGE
    assert Organization.objects.get(name="research").requires_two_factor
    row = AuditEvent.objects.get(verb="organization.change")
    assert (row.actor, row.before, row.after) == (
        "alice",
        {"requires_two_factor": False},
        {"requires_two_factor": True},
    )
    alice.post(PAGE, {"required": "no"})
    assert not Organization.objects.get(name="research").requires_two_factor


def test_admins_see_who_of_their_organization_has_one(alice: Client, world: World) -> None:
    stranger = User.objects.create_user("olga")
    User.objects.create_user("robot", is_service=True)
    page = alice.get(PAGE).content.decode()
    assert "charlie" in page and stranger.username not in page and "robot" not in page
    assert {one.username for one in people_with_factors(world.team.organization) if one.has_second_factor} == {"alice"}
    told = with_key(world, "alice").get("/api/v1/organizations/research/two-factor").json()
    assert told["required"] is False
    assert {"username": "alice", "has_second_factor": True} in told["people"]
    assert {"username": "bob", "has_second_factor": False} in told["people"]


def test_admins_of_a_team_see_it_in_the_list_of_its_members(alice: Client) -> None:
    page = alice.get("/settings/teams/membership/").content.decode()
    assert page.count('alt="True"') == 1
    assert page.count('alt="False"') == 2


def test_it_is_required_over_rest(world: World) -> None:
    world.team.organization.admins.add(world.users["alice"])
    api = with_key(world, "alice")
    assert api.put("/api/v1/organizations/research/two-factor", {"required": True}, format="json").status_code == 200
    assert Organization.objects.get(name="research").requires_two_factor
    assert (
        api.put("/api/v1/organizations/research/two-factor", {"required": "perhaps"}, format="json").status_code == 400
    )
    assert api.put("/api/v1/organizations/research/two-factor", {"needed": True}, format="json").status_code == 400
