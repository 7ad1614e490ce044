"""Somebody from elsewhere: of another organization, and unknown to research."""

from __future__ import annotations

import pytest

from teams.accounts.api_key import store_key
from teams.models import Membership, Organization, Role, Team, User
from tests.world import World


@pytest.fixture
def olga(world: World) -> User:
    """The admin of the team them, in the organization elsewhere."""
    them = Team.objects.create(organization=Organization.objects.create(name="elsewhere"), name="them")
    olga = User.objects.create_user("olga", password="olga-password")
    world.users["olga"], world.keys["olga"] = olga, "olga_key_".ljust(44, "x")
    store_key(olga, "test", world.keys["olga"])
    Membership.objects.create(team=them, user=olga, role=Role.ADMIN)
    return olga
