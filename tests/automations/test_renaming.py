from __future__ import annotations

from typing import Any

import pytest

from artifacts.services import get_or_create_collection
from automations.drafts import Draft
from automations.models import Automation
from automations.renaming import describe_collection, rename_registry
from automations.scopes import found
from automations.services import create_automation
from common.refusals import Conflict
from registries.services import create_registry, link
from tests.artifacts.sending import sent
from tests.world import World


def listening(world: World, **scope: str) -> Automation:
    place = found(scope)
    assert place is not None
    draft = Draft(name=scope["name"], event="LINK_MODEL", conditions=[], action={"type": "do_nothing"})
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
    again = found({"type": "collection", "name": made.scope_name})
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
