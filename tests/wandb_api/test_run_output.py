"""What a run printed, over GraphQL."""

from __future__ import annotations

from typing import Any

from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.test_file_stream import Script
from tests.world import World

LINES = """query($first: Int, $after: String, $last: Int) { project(name: "mnist", entityName: "acme") {
    run(name: "run1") { logLines(first: $first, after: $after, last: $last, useImprovedPagination: true) {
        edges { node { number timestamp level label line } } pageInfo { endCursor hasNextPage } } } } }"""


def test_what_a_run_printed_is_told_by_the_line(graphql: GraphQL, world: World) -> None:
    world.run("run1")
    time = "2026-11-23T07:59:17.497698"
    Script(world.keys["alice"]).print(0, f"{time} Epoch 1", f"ERROR {time} ERROR odd", f"{time} ", "no time ERROR")

    def log_lines(**asked: Any) -> list[list[Any]]:
        edges = graphql.data(LINES, **asked)["project"]["run"]["logLines"]["edges"]
        return [list(edge["node"].values()) for edge in edges]

    whole = [[0, time, "", "", "Epoch 1"], [1, time, "error", "", "ERROR odd"], [2, time, "", "", ""]]
    assert log_lines() == [*whole, [3, None, "", "", "no time ERROR"]]
    assert log_lines(last=2) == log_lines()[2:]
    assert (log_lines(last=0), log_lines(first=0), len(log_lines(last=9))) == ([], [], 4)


def test_pages_of_what_a_run_prints_go_by_its_numbers_while_old_lines_go(graphql: GraphQL, world: World) -> None:
    run, script = world.run("run1"), Script(world.keys["alice"])
    for first in range(0, 300, 100):
        script.print(first, *[f"line {number}" + "x" * 1000 for number in range(first, first + 100)])
    assert run.output.count() > 2
    read, after, more = [], None, True
    while more:
        found = graphql.data(LINES, first=70, after=after)["project"]["run"]["logLines"]
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
        read += [(edge["node"]["number"], edge["node"]["line"].rstrip("x")) for edge in found["edges"]]
        run.output.order_by("offset")[0].delete() if len(read) == 140 else None
    assert read == [(number, f"line {number}") for number in range(300)]
    newest = graphql.data(LINES, last=120)["project"]["run"]["logLines"]["edges"]
    assert [edge["node"]["number"] for edge in newest] == list(range(180, 300))
    assert graphql.data(LINES, after=after)["project"]["run"]["logLines"]["edges"] == []
