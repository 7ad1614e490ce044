"""Colours of a terminal on a page, and what must not reach one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.console.ansi import coloured, plain


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mred\x1b[0m, not", '<span class="ansi-1">red</span>, not'),
        ("\x1b[1;92mgood", '<span class="ansi-2 ansi-bold">good</span>'),
        ("\x1b[1m\x1b[4mtwo\x1b[24m one\x1b[22m none", '<span class="ansi-bold ansi-underlined">two</span>'
         '<span class="ansi-bold"> one</span> none'),
        ("\x1b[38;5;196mof 256", '<span class="ansi-1">of 256</span>'),
        ("\x1b[38;2;20;90;250mof all", '<span class="ansi-4">of all</span>'),
        ("\x1b[38:5:196mcolons", '<span class="ansi-1">colons</span>'),
        ("\x1b[37;41malert\x1b[49m", '<span class="ansi-on-1">alert</span>'),
        ("\x1b[2K\x1b[1A\x1b[?25lmoved", "moved"),
        ("\x1b]8;;http://evil.test\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1b]never closed", "never closed"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\x1b[31m<b>\x1b[0m", '<span class="ansi-1">&lt;b&gt;</span>'),
        ("10 %\x08\x08\x0820 %", "10 %20 %"),
        ("a\u202eb", 'a<span class="unseen">U+202E</span>b'),
        ("bell\x07", 'bell<span class="unseen">U+0007</span>'),
        ("تجربة", "تجربة"),
        ("\x1b", ""),
    ],
)  # fmt: skip
def test_a_line_is_shown_in_its_colours_and_nothing_else_of_it_acts(printed: str, shown: str) -> None:
    assert coloured(printed) == shown


@given(st.text(alphabet="\x1b[]0123;m<>&\"'a\x07\\K:", max_size=200))
def test_whatever_is_printed_no_tag_but_ours_reaches_the_page(text: str) -> None:
    left = re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", coloured(text))
    assert not set("<>\"'") & set(left)
    assert "\x1b" not in left
    assert "\x1b" not in plain(text)
