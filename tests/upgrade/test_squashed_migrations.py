"""Squashed migrations: an empty database gets in one step what a former release reaches in many."""

from __future__ import annotations

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState


def state_of_each_step() -> ProjectState:
    """Give the models after every single migration, none of the squashed ones among them."""
    loader = MigrationLoader(None, replace_migrations=False)
    last = [node for node in loader.graph.leaf_nodes() if "_squashed_" not in node[1]]
    found = loader.graph.make_state(nodes=last, real_apps=loader.unmigrated_apps)
    assert isinstance(found, ProjectState)
    return found


def test_the_squashed_migrations_lead_to_the_same_models_as_the_single_ones() -> None:
    loader = MigrationLoader(None)
    assert any("_squashed_" in name for _app, name in loader.graph.nodes)
    single, squashed = state_of_each_step(), loader.project_state()
    assert MigrationAutodetector(single, squashed).changes(graph=loader.graph) == {}
    assert MigrationAutodetector(squashed, single).changes(graph=loader.graph) == {}
    assert {key: set(map(repr, state.options.get("indexes", []))) for key, state in single.models.items()} == {
        key: set(map(repr, state.options.get("indexes", []))) for key, state in squashed.models.items()
    }
