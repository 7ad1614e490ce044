"""Console output as it is stored: whatever is sent again, and however it is cut into pieces, each line stands once."""

from __future__ import annotations

import random

import pytest

from projects.history import console_output
from projects.history.console_output import last_output_lines, output_line_count, output_lines_from, store_output
from tests.world import World


@pytest.mark.parametrize("seed", range(3))
def test_lines_are_those_that_were_sent_last_at_their_numbers(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(console_output, "PIECE", 100)
    run, dice, sent = world.run(), random.Random(seed), dict[int, str]()
    for post in range(60):
        end = len(sent)
        offset = dice.choice([end, end, max(0, end - dice.randint(0, 30)), 0])
        lines = [f"{post}-{line}" for line in range(dice.randint(0, 12))]
        store_output(run, offset, lines)
        sent |= {offset + place: line for place, line in enumerate(lines)}
    assert output_lines_from(run, 0, 10_000) == sorted(sent.items())
    assert output_line_count(run) == len(sent)
    assert last_output_lines(run, 7) == sorted(sent.items())[-7:]
    assert run.output.count() > 5
