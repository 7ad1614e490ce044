"""The number of values in JSON, told from its bytes."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data import value_count

TEXTS = st.text(alphabet='\\"[{,]}:aé\n\ud800', max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


def marks_in(value: Any) -> int:
    """Count what stands in front of values: each list and object, and each comma."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return isinstance(value, (dict, list)) + max(0, len(inner) - 1) + sum(map(marks_in, inner))


@given(value=VALUES, is_text=st.booleans(), piece=st.integers(1, 9))
def test_marks_in_strings_do_not_count_wherever_a_piece_ends(value: Any, is_text: bool, piece: int) -> None:
    said, count = json.dumps(value, ensure_ascii=False), marks_in(value)
    text = said if is_text else said.encode("utf-8", "surrogatepass")
    before, value_count._PIECE = value_count._PIECE, piece
    try:
        assert not value_count.holds_more(text, "[{,", count + said.count('"'))
        if count:
            assert value_count.holds_more(text, "[{,", count - 1)
    finally:
        value_count._PIECE = before


@pytest.mark.parametrize("unit", [b'"",', b'"', b"\\", b'\\"', b"{},", b'"' + b"," * 100 + b'"'])
def test_no_text_takes_long_or_much_room_to_count(unit: bytes) -> None:
    body = b'["' + unit * (4 * 2**20 // len(unit))
    tracemalloc.start(1)
    began = time.process_time()
    value_count._holds_more_outside(body, "[{,", 1_000_000)
    took, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 5
    assert peak < 8 * 2**20
