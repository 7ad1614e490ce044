"""How pages write times, numbers and JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from common.templatetags.formatting import ago, exactly, lasting, middle, pretty_json, readable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "written"),
    [
        (timedelta(seconds=2), "now"),
        (timedelta(seconds=45), "45 s ago"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=1, hours=2), "26 h ago"),
        (timedelta(days=9), "9 days ago"),
        (timedelta(minutes=-30), "in 30 min"),
    ],
)
def test_a_time_says_how_long_ago_it_was(passed: timedelta, written: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert f">{written}</time>" in ago(NOW - passed)


def test_a_time_long_ago_is_a_date() -> None:
    with time_machine.travel(NOW, tick=False):
        assert ">Sept. 1, 2026</time>" in ago(datetime(2026, 9, 1, 12, 0, tzinfo=UTC))


def test_times_are_written_in_the_zone_of_the_reader() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert 'title="2026-11-23 21:00:00 JST"' in ago(NOW)
        assert ">2026-11-23 21:00:00 JST</time>" in exactly(NOW)


def test_a_time_has_the_exact_one_on_hover() -> None:
    with time_machine.travel(NOW, tick=False):
        assert 'title="2026-11-23 12:00:00 UTC"' in ago(NOW)
    assert ago(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.0123, "12 ms"), (4.2, "4.2 s"), (60, "1 min"), (7384, "2 h 3 min"), (90_061, "1 d 1 h"), (86_400, "1 d")],
)
def test_a_length_has_two_units_at_most(seconds: float, written: str) -> None:
    assert lasting(seconds) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.123456, "0.1235"), (20000, "20000"), (float("nan"), "NaN"), (True, "true"), ("text", "text"), ([1], "[1]")],
)
def test_a_value_is_written_as_people_read_it(value: object, written: str) -> None:
    assert readable(value) == written


def test_json_gets_a_line_for_each_member() -> None:
    assert pretty_json('{"a": "ä"}') == '{\n  "a": "ä"\n}'


@pytest.mark.parametrize("junk", ["<html>", "", "[" * 20_000, "1" * 5000])
def test_what_is_no_json_stays_as_it_is(junk: str) -> None:
    assert pretty_json(junk) == junk


def test_a_long_name_is_cut_in_its_middle_and_whole_on_hover() -> None:
    assert middle("a" * 20, 20) == "a" * 20
    whole = "start-" + "x" * 50 + "-end"
    assert middle(whole, 21) == f'<span title="{whole}">start-xxxx…xxxxxx-end</span>'
    assert "<b>" not in middle("<b>" * 50, 21)
