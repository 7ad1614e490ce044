"""Groups of an identity provider: teams and roles come with them, and go with them, and what is by hand stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from teams import memberships
from teams.accounts.default_team import default_team
from teams.models import AdminByGroup, AuditEvent, Membership, Organization, Role, Team, User
from teams.sign_in.single_sign_on.group_mapping import follow_groups
from teams.sign_in.single_sign_on.provider_settings import IdentityProvider, parse_providers
from tests.world import World

MAPPED = {
    "ml": {"teams": {"acme": "member"}},
    "leads": {"teams": {"acme": "admin", "other": "viewer"}, "admin_of": ["research"]},
    "gone": {"teams": {"no-such-team": "admin"}, "admin_of": ["no-such-organization"]},
}


def provider(id: str = "okta", groups: Any = MAPPED) -> IdentityProvider:
    row = {"id": id, "label": id, "issuer": "https://okta.test", "client_id": "x", "groups": groups}
    return parse_providers(json.dumps([row]))[0]


@pytest.fixture
def dora(world: World) -> User:
    """She is nowhere yet."""
    return User.objects.create_user("dora")


def roles(user: User) -> dict[str, tuple[str, str]]:
    rows = Membership.objects.filter(user=user).select_related("team")
    return {row.team.name: (row.role, row.source) for row in rows}


def audited_changes() -> list[tuple[str, Any, Any]]:
    rows = AuditEvent.objects.filter(verb__startswith="member.").order_by("id")
    return [(row.verb, row.before, row.after) for row in rows]


def test_a_group_gives_a_team_and_its_absence_takes_it_back(dora: User) -> None:
    follow_groups(provider(), dora, {"ml"})
    assert roles(dora) == {"acme": ("member", "okta")}
    follow_groups(provider(), dora, set())
    assert roles(dora) == {}
    assert audited_changes() == [
        ("member.add", None, {"role": "member", "source": "okta"}),
        ("member.remove", {"role": "member", "source": "okta"}, None),
    ]


def test_of_several_groups_the_highest_role_counts(dora: User) -> None:
    follow_groups(provider(), dora, ["leads", "ml"])
    assert roles(dora) == {"acme": ("admin", "okta"), "other": ("viewer", "okta")}
    follow_groups(provider(), dora, ["ml"])
    assert roles(dora) == {"acme": ("member", "okta")}


def test_the_same_groups_again_change_and_record_nothing(dora: User) -> None:
    follow_groups(provider(), dora, ["leads"])
    before = AuditEvent.objects.count()
    follow_groups(provider(), dora, ["leads"])
    assert AuditEvent.objects.count() == before


def test_what_was_made_by_hand_stays(world: World) -> None:
    bob = world.users["bob"]
    follow_groups(provider(), bob, {"leads"})
    assert roles(bob)["acme"] == ("member", "")
    follow_groups(provider(), bob, set())
    assert roles(bob) == {"acme": ("member", "")}


def test_whose_role_is_changed_by_hand_is_there_by_hand(world: World, dora: User) -> None:
    follow_groups(provider(), dora, {"ml"})
    memberships.give_role(world.team, dora, Role.VIEWER)
    follow_groups(provider(), dora, set())
    assert roles(dora) == {"acme": ("viewer", "")}


def test_one_provider_leaves_what_another_gave(dora: User) -> None:
    follow_groups(provider("okta"), dora, {"ml"})
    follow_groups(provider("keycloak"), dora, set())
    assert roles(dora) == {"acme": ("member", "okta")}


def test_a_provider_without_groups_takes_nothing_back(dora: User) -> None:
    follow_groups(provider(), dora, {"ml"})
    follow_groups(provider(groups={}), dora, set())
    assert roles(dora) == {"acme": ("member", "okta")}


def test_also_the_last_admin_goes_with_the_group(dora: User) -> None:
    """Whom the company has put out shall not stay for being the last; a superuser makes another."""
    team = Team.objects.create(name="empty", organization=Organization.objects.get(name="research"))
    mapped = {"leads": {"teams": {"empty": "admin"}}, "ml": {"teams": {"empty": "viewer"}}}
    follow_groups(provider(groups=mapped), dora, {"leads"})
    follow_groups(provider(groups=mapped), dora, {"ml"})
    assert roles(dora) == {"empty": ("viewer", "okta")}
    follow_groups(provider(groups=mapped), dora, set())
    assert not team.memberships.exists()


def test_joining_by_a_group_does_not_move_the_default_team(world: World) -> None:
    charlie = world.users["charlie"]
    follow_groups(provider(), charlie, {"ml"})
    assert default_team(charlie) == world.other_team


def test_the_default_team_goes_with_the_group(world: World, dora: User) -> None:
    follow_groups(provider(), dora, {"leads"})
    dora.refresh_from_db()
    assert default_team(dora) == world.team
    follow_groups(provider(), dora, set())
    dora.refresh_from_db()
    assert default_team(dora) is None


def test_a_group_makes_an_organization_admin_and_takes_it_back(dora: User) -> None:
    research = Organization.objects.get(name="research")
    follow_groups(provider(), dora, {"leads"})
    assert dora in research.admins.all()
    follow_groups(provider(), dora, {"ml"})
    assert dora not in research.admins.all()
    rows = AuditEvent.objects.filter(organization=research, verb="organization.change").order_by("id")
    said = {"admin": "dora", "source": "okta"}
    assert [(row.before, row.after) for row in rows] == [(None, said), (said, None)]


def test_an_organization_admin_by_hand_stays(dora: User) -> None:
    research = Organization.objects.get(name="research")
    research.admins.add(dora)
    follow_groups(provider(), dora, {"leads"})
    follow_groups(provider(), dora, set())
    assert dora in research.admins.all()


def test_who_was_put_out_by_hand_and_made_admin_again_by_hand_stays(dora: User) -> None:
    research = Organization.objects.get(name="research")
    follow_groups(provider(), dora, {"leads"})
    research.admins.remove(dora)
    follow_groups(provider(), dora, set())
    assert not AdminByGroup.objects.exists()
    research.admins.add(dora)
    follow_groups(provider(), dora, set())
    assert dora in research.admins.all()


def test_a_team_that_is_not_here_is_told_to_the_operator(dora: User, caplog: pytest.LogCaptureFixture) -> None:
    follow_groups(provider(), dora, {"gone"})
    assert roles(dora) == {}
    assert "name the team no-such-team, which is not here" in caplog.text
