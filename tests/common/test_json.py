"""What the fast reader gives is what Python's own gives, whatever comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.data.strict_json import parsed
from tests.examples import costly

_NUMBERS = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_KEYS = st.sampled_from(["a", "b", "a.b", "é", "", "\0"])
_VALUES = st.recursive(_PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3))
_WRITTEN = st.builds(json.dumps, _VALUES, ensure_ascii=st.booleans())
_PIECES = st.sampled_from(
    [
        *'{}[],:"\\10-.ex \t\f\n\0\ufeff\u2028é\ud800',
        "\\u",
        "d83d",
        "\\ude00",
        '"a":',
        "NaN",
        "Infinity",
        "null",
        "true",
    ]
)


def _outcome(read: Any, text: str) -> str:
    """Give the value with its types and the order of its keys, or what was raised."""
    try:
        return repr(read(text))
    except RecursionError:
        return "RecursionError"
    except ValueError as error:
        return f"{type(error).__name__}: {error}"


@given(_WRITTEN)
def test_what_python_writes_is_read_alike(text: str) -> None:
    assert _outcome(parsed, text) == _outcome(json.loads, text)


@given(_NUMBERS)
def test_numbers_are_read_alike_to_the_last_bit(text: str) -> None:
    assert _outcome(parsed, text) == _outcome(json.loads, text)


@costly
@given(st.lists(_PIECES | _NUMBERS, max_size=12).map("".join))
def test_what_is_nearly_json_is_taken_and_refused_alike(text: str) -> None:
    assert _outcome(parsed, text) == _outcome(json.loads, text)


@given(_WRITTEN, st.integers(0, 100), _PIECES)
def test_what_was_json_before_something_broke_is_taken_and_refused_alike(text: str, place: int, piece: str) -> None:
    broken = text[:place] + piece + text[place + 1 :]
    assert _outcome(parsed, broken) == _outcome(json.loads, broken)


@pytest.mark.parametrize(
    "text",
    [
        *("-0", "-0.0", "1e400", "-1e400", "5e-324", "1e-400", "18446744073709551616", "-9223372036854775809"),
        *("9007199254740993", "123456789012345678901234567890.5", "1" * 4300, "1" * 4301, "-" + "1" * 4301),
        *('{"a":1,"b":2,"a":3}', '{"":{"":NaN}}', '"\\ud83d"', '"\\ud83d\\ude00"', '"\\ude00\\ud83d"'),
        *("[" * 900 + "]" * 900, "[" * 100_000, '{"a":' * 100_000, "", "\ufeff1", "1 ", "01", "1.", ".5", "+1", "[1,]"),
    ],
    ids=lambda text: text[:20],
)
def test_odd_ones_are_read_alike(text: str) -> None:
    assert _outcome(parsed, text) == _outcome(json.loads, text)
