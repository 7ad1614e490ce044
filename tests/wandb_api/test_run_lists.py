"""Runs as `api.runs` lists them: every field and every order that the SDK documents."""

from __future__ import annotations

import importlib.util
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from projects.models import Run, RunState
from tests.wandb_api.conftest import GraphQL
from tests.world import World
from wandb_api.search.runs import RUNS

LIST = """query List($filters: JSONString, $order: String) { project(name: "mnist", entityName: "acme") {
    runCount(filters: $filters) runs(filters: $filters, order: $order) { edges { node { name } } } } }"""


@pytest.fixture
def runs(world: World) -> World:
    """Three runs: `long` took an hour, `short` a minute, `other` is somebody else's on another machine."""
    details: dict[str, Any] = {"host": "gpu-1", "tags": ["nightly"], "group": "g", "job_type": "train"}
    for name, seconds, loss in (("long", 3600, 0.5), ("short", 60, 0.1)):
        run = world.run(name, **details, config={"lr": loss, "a/b": {"value": loss}})
        end = run.created_at + timedelta(seconds=seconds)
        summary = {"eval/loss": loss, " spaced ": loss}
        Run.objects.filter(pk=run.pk).update(finished_at=end, state=RunState.FINISHED, summary=summary)
    world.run("other", user="bob", host="gpu-2")
    return world


def found_runs(graphql: GraphQL, order: str = "+created_at", **filters: Any) -> list[str]:
    found = graphql.data(LIST, filters=json.dumps(filters), order=order)["project"]
    names = [edge["node"]["name"] for edge in found["runs"]["edges"]]
    assert found["runCount"] == len(names)
    return names


def sdk_text() -> str:
    found = importlib.util.find_spec("wandb")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / "apis/public/api.py").read_text()


def test_every_field_that_the_sdk_documents_is_one() -> None:
    part = re.search(r"Fields you can filter by include:\n(.*?)\n\n", sdk_text(), re.DOTALL)
    assert part is not None
    documented = re.findall(r"- `(\w+)`", part[1])
    assert len(documented) == 10
    assert [name for name in documented if name not in RUNS.fields] == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"duration": {"$gte": 0}}, ["long", "short", "other"]),
        ({"duration": {"$gt": 60}, "state": "finished"}, ["long"]),
        ({"host": {"$regex": "."}}, ["long", "short", "other"]),
        ({"host": "gpu-1"}, ["long", "short"]),
        ({"jobType": "train", "group": "g", "tags": "nightly"}, ["long", "short"]),
        ({"username": "bob"}, ["other"]),
        ({"displayName": "short"}, ["short"]),
        ({"summary_metrics.eval/loss": {"$lt": 0.3}}, ["short"]),
        ({"summary_metrics. spaced ": {"$lt": 0.3}}, ["short"]),
    ],
)
def test_runs_are_found_by_the_fields_of_the_sdk(
    runs: World, graphql: GraphQL, filters: dict[str, Any], names: list[str]
) -> None:
    assert found_runs(graphql, **filters) == names


@pytest.mark.parametrize(
    "order",
    [
        "+summary_metrics.eval/loss", "+summary_metrics['eval/loss']", '+summary_metrics["eval/loss"]',
        "+config.lr", "config.lr.value", "+config['a/b']", "config.a/b.value", "+summary_metrics. spaced ",
        "-created_at", "-createdAt", "+duration",
    ],
)  # fmt: skip
def test_every_spelling_of_an_order_orders(runs: World, graphql: GraphQL, order: str) -> None:
    assert found_runs(graphql, order, state="finished") == ["short", "long"]


@pytest.mark.parametrize("order", ["created", "+summary_metrics", "+loss.train", "+summary_metrics['a'"])
def test_what_is_no_order_is_refused_with_the_list_of_what_works(runs: World, graphql: GraphQL, order: str) -> None:
    status, body = graphql.send(LIST, filters="{}", order=order)
    said = body["errors"][0]["message"]
    assert (status, order in said) == (422, True)
    assert all(name in said for name in ("created_at", "heartbeat_at", "duration", "config.KEY", "summary_metrics.KEY"))
