"""What a page weighs: script and style of the heaviest one, lazy parts included, as they are sent."""

from __future__ import annotations

from bench.pages import MOST_KB, heaviest_page


def test_script_and_style_of_the_heaviest_page_have_at_most_200_kilobytes() -> None:
    assert 50_000 < heaviest_page() <= MOST_KB * 1000
