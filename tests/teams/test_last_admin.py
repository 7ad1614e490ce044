"""A team keeps an admin who can do something for it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from teams.memberships import leave, set_role
from teams.models import Membership, Role, User
from tests.at_once import AT_ONCE, at_once
from tests.world import World

LAST = "is the last admin of acme. Make someone else admin first."


def admins(world: World) -> list[str]:
    rows = Membership.objects.filter(team=world.team, role=Role.ADMIN)
    return list(rows.order_by("user__username").values_list("user__username", flat=True))


def test_who_is_switched_off_is_no_other_admin(world: World) -> None:
    set_role(world.team, "bob", Role.ADMIN)
    User.objects.filter(username="bob").update(is_active=False)
    alice = Membership.objects.get(team=world.team, user=world.users["alice"])
    with pytest.raises(ValidationError, match=f"alice {LAST}"):
        leave(alice)
    with pytest.raises(ValidationError, match=f"alice {LAST}"):
        set_role(world.team, "alice", Role.MEMBER)
    assert admins(world) == ["alice", "bob"]


def test_who_has_left_meanwhile_leaves_quietly(world: World) -> None:
    bob = Membership.objects.get(team=world.team, user=world.users["bob"])
    leave(Membership.objects.get(pk=bob.pk))
    leave(bob)
    assert not Membership.objects.filter(team=world.team, user=world.users["bob"]).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["leave", "step down", "both"])
def test_of_admins_who_go_at_once_one_stays(transactional_db: None, world: World, how: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("NOT TESTED HERE: two writers at once need PostgreSQL; pytest --postgresql")
    names = ("alice", "bob", "vera", "charlie")
    for name in names:
        set_role(world.team, name, Role.ADMIN)
    rows = {name: Membership.objects.get(team=world.team, user=world.users[name]) for name in names}

    def go(number: int) -> bool:
        name = names[number]
        try:
            if how == "leave" or (how == "both" and number % 2):
                leave(rows[name])
            else:
                set_role(world.team, name, Role.MEMBER)
        except ValidationError:
            return False
        return True

    assert sum(at_once(go)) == AT_ONCE - 1
    assert len(admins(world)) == 1
