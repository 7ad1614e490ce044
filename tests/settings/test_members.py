"""Who joins, with what role, and who leaves."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import Client

from teams.models import Membership, Organization, Team, User
from tests.settings.pages import membership, page, said, text
from tests.world import World

LAST = "alice is the last admin of acme. Make someone else admin first."


def test_somebody_of_the_organization_is_added_by_their_exact_name(alice: Client, world: World) -> None:
    alice.post(page(Membership, "add"), {"team": world.team.pk, "username": "charlie", "role": "viewer"})

    assert str(Membership.objects.get(team=world.team, user__username="charlie")) == "charlie (Viewer)"


def test_the_form_does_not_tell_who_else_is_here(alice: Client, world: World) -> None:
    User.objects.create_user("dana")

    assert "dana" not in text(alice.get(page(Membership, "add")))


def test_nobody_somebody_from_elsewhere_and_somebody_inactive_are_refused_alike(alice: Client, world: World) -> None:
    elsewhere = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    Membership.objects.create(team=elsewhere, user=User.objects.create_user("dana"))
    Membership.objects.create(team=world.other_team, user=User.objects.create_user("dora", is_active=False))
    User.objects.create_user("sam")

    for name in ("nobody", "dana", "dora", "sam", "Bob"):
        answer = alice.post(page(Membership, "add"), {"team": world.team.pk, "username": name, "role": "viewer"})
        refused = f"There is no &#x27;{name}&#x27; in the organization research. Invite people from elsewhere."
        assert (answer.status_code, refused in text(answer)) == (200, True)
    assert Membership.objects.filter(team=world.team).count() == 3


def test_adding_a_member_again_does_not_change_their_role(alice: Client, world: World) -> None:
    answer = alice.post(page(Membership, "add"), {"team": world.team.pk, "username": "bob", "role": "viewer"})

    assert "bob is on acme already." in text(answer)
    assert membership("bob").role == "member"


def test_a_role_can_be_changed(alice: Client) -> None:
    alice.post(page(Membership, "change", membership("bob").pk), {"role": "admin"})

    assert membership("bob").role == "admin"
    assert LogEntry.objects.get().get_change_message() == "Changed Role."


def test_the_last_admin_stays_admin(alice: Client) -> None:
    answer = alice.post(page(Membership, "change", membership("alice").pk), {"role": "member"})

    assert LAST in text(answer)
    assert (membership("alice").role, LogEntry.objects.count()) == ("admin", 0)


def test_a_member_can_be_removed(alice: Client) -> None:
    alice.post(page(Membership, "delete", membership("bob").pk), {"post": "yes"})

    assert not Membership.objects.filter(user__username="bob").exists()


def test_the_last_admin_cannot_be_removed(alice: Client) -> None:
    answer = alice.post(page(Membership, "delete", membership("alice").pk), {"post": "yes"})

    assert said(alice, answer) == [LAST]
    assert (membership("alice").role, LogEntry.objects.count()) == ("admin", 0)


def test_removing_many_with_the_last_admin_among_them_removes_none(alice: Client) -> None:
    everyone = [membership(name).pk for name in ("alice", "bob", "vera")]

    chosen = {"action": "delete_selected", "_selected_action": everyone, "post": "yes"}
    answer = alice.post(page(Membership, "changelist"), chosen)

    assert said(alice, answer) == [LAST]
    assert Membership.objects.filter(pk__in=everyone).count() == 3
    assert LogEntry.objects.count() == 0


def test_many_can_be_removed_at_once(alice: Client, world: World) -> None:
    others = [membership(name).pk for name in ("bob", "vera")]

    chosen = {"action": "delete_selected", "_selected_action": others, "post": "yes"}
    alice.post(page(Membership, "changelist"), chosen)

    assert [one.user.username for one in Membership.objects.filter(team=world.team)] == ["alice"]
