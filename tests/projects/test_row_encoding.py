"""Rows as columns and back: the same JSON values under the same keys in the same order, whatever was logged."""

from __future__ import annotations

import random
from array import array
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.data.fields import json_text
from projects.compaction.column_encoding import decoded_column, encoded_column
from projects.compaction.row_encoding import decoded_rows, encoded_rows
from projects.history.row_values import keys_of, values
from tests.examples import costly

SINGLES = st.floats(width=32)
DIGITS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1000, max_value=1000).map(float)
NUMBERS = st.one_of(st.floats(), SINGLES, DIGITS, st.integers(), st.integers(-3, 300))
TEXTS = st.one_of(st.text(max_size=5), st.sampled_from(["NaN", "Infinity", "\ud800", "\0"]))
PLAIN = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON = st.recursive(
    PLAIN, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3))
)
COLUMN = st.one_of(
    *(st.lists(kind, min_size=1, max_size=30) for kind in (SINGLES, DIGITS, st.floats(), st.integers(), NUMBERS, JSON))
)
KEYS = st.sampled_from(["loss", "acc", "val", "val.loss", "_step", "_timestamp", "é\ud800", ""])
ROWS = st.one_of(
    st.lists(st.dictionaries(KEYS, JSON, max_size=5), min_size=1, max_size=20),
    st.lists(st.fixed_dictionaries({"_step": st.integers(), "loss": SINGLES, "val": JSON}), min_size=7, max_size=20),
)


@given(COLUMN)
@example([0.0, -0.0] * 9)
@example([1e308, 5e-324, 2.0**-149, 3.4028235677973366e38])
@example([2**63, -(2**63), 2**64])
@example([True, 1, 1.0] * 9)
@example([2**53 + 1, 0.5])
def test_any_column_reads_as_it_was_written(column: list[Any]) -> None:
    assert json_text(decoded_column(encoded_column(column), len(column))) == json_text(column)


@costly
@given(ROWS)
@example([{}])
@example([{}, {"loss": 1}] * 9)
def test_any_rows_read_as_they_were_written(rows: list[dict[str, Any]]) -> None:
    assert json_text(decoded_rows(encoded_rows(rows))) == json_text(rows)


@costly
@given(ROWS, KEYS)
def test_a_metric_read_by_itself_is_that_of_the_whole_rows(rows: list[dict[str, Any]], metric: str) -> None:
    bare = decoded_rows(encoded_rows(rows), keys_of(metric))
    assert json_text(values(bare, metric)) == json_text(values(rows, metric))


@pytest.mark.parametrize(
    ("make", "most"),
    [
        pytest.param(lambda at: array("f", [at.random()])[0], 3.3, id="float32"),
        pytest.param(lambda at: float(f"{array('f', [at.random()])[0]:.7g}"), 3.6, id="the digits of float32"),
        pytest.param(lambda at: round(at.random(), 4), 2.1, id="four digits"),
        pytest.param(lambda at: at.random(), 7.1, id="doubles"),
        pytest.param(lambda at: at.randrange(100), 1.1, id="small integers"),
    ],
)
def test_a_number_takes_no_more_than_what_it_says(make: Any, most: float) -> None:
    at = random.Random(7)
    assert len(msgspec.msgpack.encode(encoded_column([make(at) for _ in range(2000)]))) / 2000 < most
