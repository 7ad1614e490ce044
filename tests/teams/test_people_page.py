"""The page of a team's people: who is on it, who is asked to join, and what its admins change."""

from __future__ import annotations

import re
from datetime import timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone

from teams.joining import invitations
from teams.models import Invitation, Membership, Role, Team, User
from teams.sessions.last_seen import with_last_seen
from tests.pages.people import browser, text
from tests.world import World

PAGE = "/teams/acme/people"


def role_of(name: str) -> str | None:
    return Membership.objects.filter(team__name="acme", user__username=name).values_list("role", flat=True).first()


def link_in(answer: object) -> str:
    found = re.search(r"http[^<\s]+/invitation\?token=[\w-]+", text(answer))
    assert found
    return found[0]


def test_everybody_on_the_team_sees_who_is_on_it_and_admins_change_it(world: World) -> None:
    seen = {name: text(browser(world, name).get(PAGE)) for name in ("alice", "bob", "vera")}
    assert all(name in page for page in seen.values() for name in ("alice", "bob", "vera"))
    assert ["Invite people" in seen[name] for name in ("alice", "bob", "vera")] == [True, False, False]
    assert "Last seen here" not in seen["bob"]


def test_a_link_is_shown_once_and_listed_without_it(world: World) -> None:
    alice = browser(world, "alice")
    link = link_in(alice.post(PAGE, {"who": "", "role": "viewer"}))
    again = text(alice.get(PAGE))
    assert (link in again, "whoever has the link" in again) == (False, True)
    assert invitations.invitation_at(link.rpartition("=")[2]).role == Role.VIEWER


def test_a_colleague_joins_at_once(world: World) -> None:
    browser(world, "alice").post(PAGE, {"who": "charlie", "role": "member"})
    assert (role_of("charlie"), Invitation.objects.count()) == ("member", 0)


def test_an_address_is_invited_and_gets_the_mail(world: World, settings: object) -> None:
    settings.EMAIL_HOST = "mail.test"  # type: ignore[attr-defined]
    answer = browser(world, "alice").post(PAGE, {"who": "nora@elsewhere.test", "role": "member"})
    assert (answer.status_code, Invitation.objects.get().email, mail.outbox) == (302, "nora@elsewhere.test", [])


def test_who_is_nobody_here_is_refused_beside_the_field(world: World) -> None:
    answer = browser(world, "alice").post(PAGE, {"who": "zed", "role": "member"})
    assert (answer.status_code, Invitation.objects.count()) == (422, 0)
    assert "There is no &#x27;zed&#x27; in the organization research" in text(answer)


def test_who_is_on_the_team_is_not_asked_again(world: World) -> None:
    answer = browser(world, "alice").post(PAGE, {"who": "bob", "role": "viewer"})
    assert (answer.status_code, role_of("bob")) == (422, "member")


def test_a_role_is_changed_in_the_list(world: World) -> None:
    browser(world, "alice").post(f"{PAGE}/bob/role", {"role": "viewer"})
    assert role_of("bob") == "viewer"


def test_the_last_admin_stays_one(world: World) -> None:
    alice = browser(world, "alice")
    alice.post(f"{PAGE}/alice/role", {"role": "viewer"})
    answer = alice.post(f"{PAGE}/alice/remove")
    assert (role_of("alice"), answer.status_code) == ("admin", 422)


def test_a_member_is_removed_after_what_is_lost_is_said(world: World) -> None:
    alice = browser(world, "alice")
    assert "their keys do not reach it" in text(alice.get(f"{PAGE}/bob/remove"))
    alice.post(f"{PAGE}/bob/remove")
    assert role_of("bob") is None


def test_a_new_link_ends_the_one_before(world: World) -> None:
    alice = browser(world, "alice")
    old = link_in(alice.post(PAGE, {"role": "member"}))
    Invitation.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    new = link_in(alice.post(f"/teams/acme/invitations/{Invitation.objects.get().pk}/renew"))
    assert [Client().get(link[link.index("/inv") :]).status_code for link in (old, new)] == [404, 200]
    assert Invitation.objects.get().expires_at > timezone.now() + timedelta(days=6)


def test_a_link_by_hand_in_place_of_a_mailed_one_shows_no_mailbox(world: World) -> None:
    made, _link = invitations.invite(world.team, Role.MEMBER, "nora@elsewhere.test", by=world.users["alice"])
    Invitation.objects.update(emailed_at=timezone.now())
    link = invitations.renew(Invitation.objects.get(pk=made.pk))
    nora = User.objects.create_user("nora")
    invitations.accept(link.rpartition("=")[2], nora)
    nora.refresh_from_db()
    assert (role_of("nora"), nora.confirmed_email) == ("member", "")


def test_an_invitation_that_is_taken_back_opens_nothing(world: World) -> None:
    alice = browser(world, "alice")
    link = link_in(alice.post(PAGE, {"role": "member"}))
    alice.post(f"/teams/acme/invitations/{Invitation.objects.get().pk}/revoke")
    assert Client().get(link[link.index("/inv") :]).status_code == 404


def test_an_admin_reads_when_a_member_was_last_seen_in_this_team_alone(world: World) -> None:
    Membership.objects.update(last_seen_at=None)
    other = Team.objects.get(name="other")
    Membership.objects.create(team=other, user=world.users["bob"], role=Role.MEMBER)
    browser(world, "bob").get("/other")
    seen = {one.user.username: one.last_seen_at for one in with_last_seen(Membership.objects.filter(team=world.team))}
    assert seen["bob"] is None
    browser(world, "bob").get("/acme")
    (again,) = with_last_seen(Membership.objects.filter(team=world.team, user=world.users["bob"]))
    assert again.last_seen_at is not None


def test_who_is_refused_a_page_was_not_seen_there(world: World) -> None:
    Membership.objects.update(last_seen_at=None)
    assert browser(world, "vera").get("/acme/mnist/edit").status_code == 403
    assert Membership.objects.get(user=world.users["vera"]).last_seen_at is None
