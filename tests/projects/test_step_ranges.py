"""A history read by its steps is the same as the whole of it, cut."""

from __future__ import annotations

from typing import Any

import pytest

from projects.history.step_ranges import last_step, rows_between
from projects.models import Run
from projects.runs.ingest import ingest_rows
from tests.world import World


def logged(run: Run, chunks: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    offset = 0
    for rows in chunks:
        ingest_rows(run, offset, rows)
        offset += len(rows)
    return [row for rows in chunks for row in rows]


@pytest.mark.parametrize(
    "chunks",
    [
        [[{"_step": step} for step in range(start, start + 3)] for start in range(0, 12, 3)],
        [[{"_step": 0}], [{"_step": 5}, {"_step": 9}], [{"_step": 100}]],
        [[{"_step": 0}, {"_step": 0, "n": 1}], [{"_step": 0, "n": 2}, {"_step": 3}]],
        [],
    ],
    ids=["each step", "with gaps", "one step twice", "nothing"],
)
def test_any_part_is_what_stands_between_its_steps(world: World, chunks: list[list[dict[str, Any]]]) -> None:
    run = world.run()
    rows = logged(run, chunks)
    for first in range(0, 12):
        for end in range(first, 102, 9):
            assert list(rows_between(run, first, end)) == [row for row in rows if first <= row["_step"] < end]


def test_rows_without_a_step_stand_at_their_line(world: World) -> None:
    run = world.run()
    logged(run, [[{"loss": 0}, {"loss": 1}], [{"loss": 2}]])
    assert [row["loss"] for row in rows_between(run, 1, 3)] == [1, 2]
    assert last_step(run) == 2


def test_a_late_part_of_a_long_history_costs_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    run = world.run()
    logged(run, [[{"_step": step}] for step in range(64)])
    with django_assert_max_num_queries(10):
        assert len(list(rows_between(run, 60, 64))) == 4
